import { v7 as uuidv7 } from 'uuid';
import { backOff, PUT_OFF } from '../database/back-off.ts';
import { type Client, type Pool, withTransaction } from '../database/db.ts';
import { signCertificate } from './certificates.ts';
import { type Erased, type Kept, nothingErased, type Unsearched } from './place.ts';
import type { PrivacyRequest } from './privacy-requests.ts';

/** A request that a worker holds a lease on: with the person's own identifier, and the lease's id, which every write checks. */
export type ClaimedRequest = Pick<PrivacyRequest, 'id' | 'kind' | 'person_hash' | 'created_at'> & {
  tenant_id: string;
  person: string;
  claim: string;
};

/** A worker renews its lease at least this often. Otherwise the lease expires and another worker takes the request. */
const LEASE = "interval '2 minutes'";

/** The request has ended, or another worker has its lease. Nothing more may be written for it. */
export class ClaimLost extends Error {}

/**
 * Leases the next request. Tenants with the fewest running requests come first, then the one served longest ago. Requests about
 * the same person exclude each other. An erasure does not wait for access requests of the same person: it ends them. Returns
 * undefined if nothing is due.
 */
export async function claimPrivacyRequest(pool: Pool): Promise<ClaimedRequest | undefined> {
  return withTransaction(pool, 'begin', async (client) => {
    // One lease at a time, so that each worker sees whom the others serve.
    await client.query("select from storage.locks where name = 'privacy requests' for update");
    await client.query(
      `update private.privacy_requests set status = 'queued', retry_at = now() + ${backOff('attempts')}
       where status = 'running' and claimed_until <= now()`,
    );
    const next = await findNext(client);
    if (!next) return undefined;
    if (next.kind === 'erasure') await supersede(client, next);
    const { rows } = await client.query<ClaimedRequest>(
      `update private.privacy_requests
       set status = 'running', claim = $2, claimed_until = now() + ${LEASE}, served_at = now(), attempts = attempts + 1
       where id = $1 returning id, tenant_id, kind, person, person_hash, created_at, claim`,
      [next.id, uuidv7()],
    );
    return rows[0];
  });
}

type Next = Pick<ClaimedRequest, 'id' | 'tenant_id' | 'kind' | 'person_hash'>;

async function findNext(client: Client): Promise<Next | undefined> {
  const { rows } = await client.query<Next>(
    `with turn as (
       select o.tenant_id, count(*) filter (where o.status = 'running') as busy,
           (select max(s.served_at) from private.privacy_requests s where s.tenant_id = o.tenant_id) as served_at
       from private.privacy_requests o where o.status in ('queued', 'running') group by 1
     )
     select r.id, r.tenant_id, r.kind, r.person_hash from private.privacy_requests r join turn using (tenant_id)
     where r.status = 'queued' and coalesce(r.retry_at, '-infinity') <= now()
       and not exists (
         select from private.privacy_requests o
         where o.tenant_id = r.tenant_id and o.person_hash = r.person_hash and o.status = 'running'
           and (o.kind = 'erasure' or r.kind <> 'erasure')
       )
     order by turn.busy, turn.served_at nulls first, r.created_at, r.id limit 1`,
  );
  return rows[0];
}

// Waits for a part that is just being written; the next part finds its lease lost. The place `bundles` erases what was written.
async function supersede(client: Client, erasure: Next): Promise<void> {
  await client.query(
    `update private.privacy_requests
     set status = 'superseded', completed_at = now(), person = null, outcome = jsonb_build_object('superseded_by', $3::uuid)
     where tenant_id = $1 and person_hash = $2 and kind = 'access' and status in ('queued', 'running')`,
    [erasure.tenant_id, erasure.person_hash, erasure.id],
  );
}

/** What every statement that writes for a request must match. */
export type Held = Pick<ClaimedRequest, 'id' | 'claim'>;

const HELD = "id = $1 and claim = $2 and status = 'running'";

async function prove(updating: Promise<{ rowCount: number | null }>): Promise<void> {
  if ((await updating).rowCount !== 1) throw new ClaimLost('The privacy request was ended, or another worker serves it.');
}

/** Renews the lease. Throws ClaimLost if it is lost. */
export async function keepPrivacyClaim(pool: Pool, { id, claim }: Held): Promise<void> {
  await prove(pool.query(`update private.privacy_requests set claimed_until = now() + ${LEASE} where ${HELD}`, [id, claim]));
}

/** Records the progress, in per cent. Throws ClaimLost. */
export async function notePrivacyProgress(pool: Pool, { id, claim }: Held, progress: number): Promise<void> {
  await prove(pool.query(`update private.privacy_requests set progress = $3 where ${HELD}`, [id, claim, progress]));
}

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

function mergeKept(kept: Kept[]): Kept[] {
  const sums = new Map<string, number>();
  for (const { records, why } of kept) sums.set(why, (sums.get(why) ?? 0) + records);
  return [...sums].filter(([, records]) => records > 0).map(([why, records]) => ({ records, why }));
}

/** A file of the archive that was rewritten without a person, or destroyed if it held nobody else. */
export type ErasedFile = { type: string; day: string; removed: number };

/** Records such a file for the certificate, in the transaction that replaces it. Throws ClaimLost. */
export async function noteErasedFile(client: Client, { id, claim }: Held, file: ErasedFile): Promise<void> {
  await prove(
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

/** The records of noteErased(), and the files of noteErasedFile(). */
export async function erasedSoFar(pool: Pool, id: string): Promise<ErasedSoFar> {
  const { rows } = await pool.query<{ outcome: ErasedSoFar }>('select outcome from private.privacy_requests where id = $1', [
    id,
  ]);
  return rows[0]?.outcome ?? { places: {}, hours: 0, unsearched: {} };
}

/**
 * Releases the lease after a failed attempt, for a later retry. `why`: what the tenant reads until then. A postponed attempt does
 * not count and has no reason.
 */
export async function releasePrivacyRequest(pool: Pool, { id, claim }: Held, why: string | null): Promise<void> {
  await pool.query(
    `update private.privacy_requests
     set status = 'queued', blocked = coalesce($4, blocked), attempts = attempts - $3::integer,
         retry_at = now() + case $3 when 1 then ${PUT_OFF} else ${backOff('attempts')} end
     where ${HELD}`,
    [id, claim, why === null ? 1 : 0, why],
  );
}

/** Marks an erasure's cut-off: what was received before now is covered. Returns it. Throws ClaimLost. */
export async function beginErasure(pool: Pool, { id, claim }: Held): Promise<Date> {
  const { rows } = await pool.query<{ cut_off: Date }>(
    `update private.privacy_requests set cut_off = clock_timestamp() where ${HELD} returning cut_off`,
    [id, claim],
  );
  if (!rows[0]) throw new ClaimLost('The privacy request was ended, or another worker serves it.');
  return rows[0].cut_off;
}

/** Completes an access request. From now on only the pseudonym identifies the person. Throws ClaimLost. */
export async function completePrivacyRequest(pool: Pool | Client, { id, claim }: Held, outcome: object): Promise<void> {
  await prove(
    pool.query(
      `update private.privacy_requests
       set status = 'completed', progress = 100, completed_at = now(), outcome = $3, person = null, blocked = null where ${HELD}`,
      [id, claim, JSON.stringify(outcome)],
    ),
  );
}

/** The same for an erasure, with a signed certificate. Throws ClaimLost. */
export async function certifyErasure(pool: Pool, request: Held & { tenant_id: string }, certificate: object): Promise<void> {
  await withTransaction(pool, 'begin', async (client) => {
    await completePrivacyRequest(client, request, certificate);
    await client.query('update private.privacy_requests set outcome = $2 where id = $1', [
      request.id,
      JSON.stringify(await signCertificate(client, request.tenant_id, request.id, certificate)),
    ]);
  });
}

/**
 * Stores one part of a file. It locks the request's row, so that an erasure that ends the request waits for the part and then
 * removes it.
 */
export async function writeBundlePart(
  pool: Pool,
  { id, claim }: Held,
  name: string,
  part: number,
  content: Buffer,
): Promise<void> {
  await prove(
    pool.query(
      `with held as (select tenant_id, id from private.privacy_requests where ${HELD} for share)
       insert into private.privacy_files (tenant_id, request_id, name, part, content) select tenant_id, id, $3, $4, $5 from held`,
      [id, claim, name, part, content],
    ),
  );
}

/** Removes what an earlier attempt has left of a bundle. */
export async function clearBundle(pool: Pool, { id, claim }: Held): Promise<void> {
  await pool.query(
    `delete from private.privacy_files where request_id = (select id from private.privacy_requests where ${HELD} for share)`,
    [id, claim],
  );
}
