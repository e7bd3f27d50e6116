import { isUtf8 } from 'node:buffer';
import { isParticular, spellingsOf, wordPattern } from '../../lib/people.ts';
import type { Client } from '../database/db.ts';
import { declaredFields } from './event-place.ts';
import { findIn, type PersonFinding } from './matching.ts';
import { nothingErased, type Person, type PersonalPlace } from './place.ts';
import { askForReview } from './reviews.ts';

const PAGE = 100;

type Refused = {
  id: string;
  received_at: Date;
  code: string;
  detail: string | null;
  pointer: string | null;
  type: string | null;
  raw: Buffer;
  at: string;
};

type Found = Refused & { finding: PersonFinding };

// Refused input is bytes, whole or truncated, JSON or not, so each row is read.
async function* search(client: Client, person: Person, searched = nothingErased().searched): AsyncGenerator<Found[]> {
  const fields = await declaredFields(client, person.tenantId);
  let after: [string, string] = ['-infinity', '00000000-0000-0000-0000-000000000000'];
  for (;;) {
    const { rows } = await client.query<Refused>(
      `select id, received_at, code, detail, pointer, type, raw, received_at::text as at from private.quarantine
       where tenant_id = $1 and (received_at, id) > ($2::timestamptz, $3::uuid) order by received_at, id limit ${PAGE}`,
      [person.tenantId, ...after],
    );
    searched.rows += rows.length;
    for (const { raw } of rows) searched.bytes += raw.length;
    yield rows.map((row) => ({ ...row, finding: findIn(row.raw, person, (type) => fields.get(type)) }));
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = [last.at, last.id];
  }
}

/** Input that was refused. What only people can judge goes to a review and is neither delivered nor removed. */
export const quarantine: PersonalPlace = {
  name: 'quarantine',
  tables: ['quarantine', 'privacy_reviews'],
  columns: ['received_at', 'code', 'type', 'raw'],
  async *find(client, person, request) {
    for await (const rows of search(client, person)) {
      for (const row of rows.filter(({ finding }) => finding.doubt)) await askForReview(client, person, request, doubtOf(row));
      const items = rows.flatMap(({ received_at, code, type, finding }) =>
        finding.items.map((raw) => ({
          json: JSON.stringify({ received_at, code, type, raw }),
          cells: [received_at.toISOString(), code, type, raw],
        })),
      );
      if (items.length > 0) yield items;
    }
  },
  async erase(client, person, request) {
    const erased = nothingErased();
    for await (const rows of search(client, person, erased.searched)) {
      const whole = rows.filter(({ finding }) => finding.rest === null);
      const cut = rows.filter(({ finding }) => finding.rest !== null && finding.items.length > 0);
      await removeRefused(client, person.tenantId, whole);
      // Whatever another review was to cut out is somewhere else now.
      for (const { id, at, finding } of cut)
        await client.query(
          `with moved as (update private.privacy_reviews set cuts = '[]' where tenant_id = $1 and quarantine_id = $3 and decision is null)
           update private.quarantine set raw = $4 where tenant_id = $1 and received_at = $2::timestamptz and id = $3`,
          [person.tenantId, at, id, finding.rest],
        );
      for (const row of rows.filter(({ finding }) => finding.doubt))
        if (await askForReview(client, person, request, doubtOf(row))) erased.in_review++;
      erased.removed += whole.length;
      erased.changed +=
        cut.length +
        (await clearDetails(
          client,
          person,
          rows.filter((row) => !whole.includes(row)),
        ));
    }
    return { ...erased, found: erased.removed + erased.changed + erased.in_review };
  },
};

const doubtOf = ({ id, at, finding }: Found) => ({ quarantineId: id, receivedAt: at, cuts: finding.cuts });

async function removeRefused(client: Client, tenantId: string, rows: Refused[]): Promise<void> {
  if (rows.length === 0) return;
  await client.query(
    `with gone as (
       delete from private.quarantine where tenant_id = $1 and id = any ($2::uuid[]) and received_at = any ($3::timestamptz[])
       returning received_at
     )
     insert into private.dirty_hours (tenant_id, hour, quarantined)
     select $1, date_trunc('hour', received_at, 'UTC'), -count(*) from gone group by 2`,
    [tenantId, rows.map(({ id }) => id), rows.map(({ at }) => at)],
  );
}

// A reason may quote the value that it refuses, a pointer names members, and the type is whatever was sent.
async function clearDetails(client: Client, { tenantId, subject, hash }: Person, rows: Refused[]): Promise<number> {
  if (!isParticular(subject)) return 0;
  const pattern = new RegExp(wordPattern(spellingsOf(subject)), 'giu');
  let cleared = 0;
  for (const { id, at, detail, pointer, type } of rows) {
    const texts = [detail, pointer, type].map((text) => text?.replace(pattern, () => hash) ?? null);
    if (texts[0] === detail && texts[1] === pointer && texts[2] === type) continue;
    await client.query(
      'update private.quarantine set detail = $4, pointer = $5, type = $6 where tenant_id = $1 and received_at = $2::timestamptz and id = $3',
      [tenantId, at, id, ...texts],
    );
    cleared++;
  }
  return cleared;
}

/** Refused input as a review shows it: as text, or as Base64 if it is not UTF-8. */
export const shownRaw = (raw: Buffer): { raw: string | null; raw_base64?: string } =>
  isUtf8(raw) ? { raw: raw.toString('utf8') } : { raw: null, raw_base64: raw.toString('base64') };
