import type { Client, Pool } from '../database/db.ts';
import { ClaimLost, HELD, type Held, proveHeld } from './claims.ts';
import { type Erased, type KeptRecords, nothingErased, type Unsearched } from './place.ts';

/** What an erasure found in a place, over all its attempts: what is searched, kept and in review is that of the last one. */
export type ErasedPlace = Omit<Erased, 'hours' | 'unsearched'>;

/**
 * Records what was erased from a place, so that the certificate covers earlier, interrupted attempts too. Call it in the
 * transaction that removes the records. `isMore`: a further part of the same pass, such as one more file. Throws ClaimLost.
 */
export async function noteErased(
  client: Client,
  { id, claim }: Held,
  place: string,
  erased: Erased,
  progress: number,
  isMore = false,
): Promise<void> {
  const { rows } = await client.query<{ outcome: Partial<ErasedSoFar> | null }>(
    `select outcome from private.privacy_requests where ${HELD} for update`,
    [id, claim],
  );
  if (!rows[0]) throw new ClaimLost('The privacy request was ended, or another worker serves it.');
  const { places = {}, hours = 0, unsearched = {} } = rows[0].outcome ?? {};
  const { hours: more, unsearched: left = [], ...now } = erased;
  const before = places[place] ?? nothingErased();
  const last = isMore ? before : nothingErased();
  const sum = (name: 'removed' | 'changed') => before[name] + now[name];
  const kept = [...last.kept, ...now.kept];
  const inReview = last.in_review + now.in_review;
  const merged: ErasedPlace = {
    searched: {
      rows: last.searched.rows + now.searched.rows,
      files: last.searched.files + now.searched.files,
      bytes: last.searched.bytes + now.searched.bytes,
    },
    found: sum('removed') + sum('changed') + inReview + kept.reduce((n, { records }) => n + records, 0),
    removed: sum('removed'),
    changed: sum('changed'),
    kept: mergeKept(kept),
    in_review: inReview,
  };
  const unread = [...(isMore ? (unsearched[place] ?? []) : []), ...left];
  await client.query(
    `update private.privacy_requests set progress = $2, outcome = coalesce(outcome, '{}') || $3::jsonb where id = $1`,
    [
      id,
      progress,
      JSON.stringify({
        places: { ...places, [place]: merged },
        hours: hours + more,
        unsearched: { ...unsearched, [place]: unread },
      }),
    ],
  );
}

function mergeKept(kept: KeptRecords[]): KeptRecords[] {
  const sums = new Map<string, number>();
  for (const { records, why } of kept) sums.set(why, (sums.get(why) ?? 0) + records);
  return [...sums].filter(([, records]) => records > 0).map(([why, records]) => ({ records, why }));
}

/** A file of the archive that was rewritten without a person, or destroyed if it held nobody else. */
export type ErasedFile = { type: string; day: string; removed: number };

/** Records such a file for the certificate, in the transaction that replaces it. Throws ClaimLost. */
export async function noteErasedFile(client: Client, { id, claim }: Held, file: ErasedFile): Promise<void> {
  await proveHeld(
    client.query(
      `update private.privacy_requests set
         outcome = outcome || jsonb_build_object('archive_files', coalesce(outcome -> 'archive_files', '[]') || jsonb_build_array($3::jsonb))
       where ${HELD}`,
      [id, claim, JSON.stringify(file)],
    ),
  );
}

export type ErasedSoFar = {
  places: Record<string, ErasedPlace>;
  hours: number;
  unsearched: Record<string, Unsearched[]>;
  archive_files?: ErasedFile[];
};

/** The records of noteErased(), and the files of noteErasedFile(). Throws ClaimLost. */
export async function erasedSoFar(pool: Pool, { id, claim }: Held): Promise<ErasedSoFar> {
  const { rows } = await pool.query<{ outcome: ErasedSoFar | null }>(
    `select outcome from private.privacy_requests where ${HELD}`,
    [id, claim],
  );
  if (!rows[0]) throw new ClaimLost('The privacy request was ended, or another worker serves it.');
  return rows[0].outcome ?? { places: {}, hours: 0, unsearched: {} };
}
