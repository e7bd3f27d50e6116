import pg from 'pg';
import type { Instant } from '../../lib/time.ts';
import { archivedRecords } from '../archive/columns.ts';
import type { ArchivedRow } from '../archive/rows.ts';
import { arrayOf } from '../database/binary-array.ts';
import type { Client, Pool } from '../database/db.ts';
import { type Cut, PAGE_BYTES, pageOf, type RowPage } from '../database/page.ts';

/** One event, ready to store. `time` is in microseconds since 1970; `data` and `attributes` are JSON text. */
export type EventRow = {
  keyId: string;
  id: string;
  time: number;
  type: string;
  source: string;
  eventId: string | null;
  subject: string | null;
  outcome: 'success' | 'failure' | null;
  durationMs: number | null;
  bytes: number;
  data: string | null;
  attributes: string | null;
  /** The version of the tenant's privacy by which the row was concealed; without it, none is checked. */
  privacyVersion?: number;
};

/** `stale`: the row was concealed by an older version of the tenant's privacy. Conceal it again. */
export type StoreStatus = 'duplicate' | 'conflict' | 'unauthenticated' | 'stale';

/** The type whose `rules` are stored as rows of their own. */
export const VALIDATION = 'br.validahub.validation.completed.v1';

/**
 * Stores events in one statement. Returns the status of those that were not stored, by their index in `rows`. No event (key,
 * time, id) may occur twice in `rows`. Throws PostgreSQL's error, and stores nothing, if it rejects one of them.
 */
export async function storeEvents(client: Pool, rows: EventRow[]): Promise<Map<number, StoreStatus>> {
  const keys: EventRow[] = [];
  const numbers = new Map<string, number>();
  const nameOf = ({ keyId, privacyVersion }: EventRow) => `${keyId} ${privacyVersion}`;
  for (const row of rows) {
    if (!numbers.has(nameOf(row))) numbers.set(nameOf(row), keys.push(row));
  }
  const result = await client.query<[number, StoreStatus]>({
    name: 'ingest_events',
    rowMode: 'array',
    text: 'select number, status from door.ingest_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)',
    values: [
      arrayOf.uuid(keys, ({ keyId }) => keyId),
      arrayOf.int4(rows, (row) => numbers.get(nameOf(row)) as number),
      arrayOf.uuid(rows, (row) => row.id),
      arrayOf.timestamptz(rows, (row) => row.time),
      arrayOf.text(rows, (row) => row.type),
      arrayOf.text(rows, (row) => row.source),
      arrayOf.text(rows, (row) => row.eventId),
      arrayOf.text(rows, (row) => row.subject),
      arrayOf.text(rows, (row) => row.outcome),
      arrayOf.float8(rows, (row) => row.durationMs),
      arrayOf.int4(rows, (row) => row.bytes),
      arrayOf.jsonb(rows, (row) => row.data),
      arrayOf.jsonb(rows, (row) => row.attributes),
      rows.some((row) => row.type === VALIDATION),
      arrayOf.int4(keys, ({ privacyVersion }) => privacyVersion ?? null),
    ],
  });
  return new Map(result.rows.map(([number, status]) => [number - 1, status]));
}

/** The events that the tenant has already stored, by their index in `rows`, with the status that storing them would return. */
export async function compareEvents(client: Client, rows: EventRow[]): Promise<Map<number, 'duplicate' | 'conflict'>> {
  const result = await client.query<{ number: number; equal: boolean }>(
    `select u.number::integer, e.type = u.type and e.source = u.source and e.subject is not distinct from u.subject
         and e.data is not distinct from u.data and e.attributes is not distinct from u.attribute as equal
     from unnest($1::timestamptz[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::jsonb[]) with ordinality
         as u (time, id, type, source, subject, data, attribute, number)
       join app.events e on e.time = u.time and e.id = u.id`,
    [
      arrayOf.timestamptz(rows, (row) => row.time),
      arrayOf.uuid(rows, (row) => row.id),
      arrayOf.text(rows, (row) => row.type),
      arrayOf.text(rows, (row) => row.source),
      arrayOf.text(rows, (row) => row.subject),
      arrayOf.jsonb(rows, (row) => row.data),
      arrayOf.jsonb(rows, (row) => row.attributes),
    ],
  );
  return new Map(result.rows.map(({ number, equal }) => [number - 1, equal ? 'duplicate' : 'conflict']));
}

export type StoredEvent = {
  id: string;
  type: string;
  source: string;
  event_id: string | null;
  subject: string | null;
  data: string | null;
  attributes: string | null;
};

export type ListedEvent = StoredEvent & { cursor_time: string };

export type EventFilter = {
  /** Accepted values, null: all. An empty text among outcomes or marketplaces: not set. */
  types: string[] | null;
  sources: string[] | null;
  subjects: string[] | null;
  outcomes: string[] | null;
  marketplaces: string[] | null;
  from: Instant | null;
  to: Instant | null;
  /** Only events that this document of the vault gave; null: all. */
  document?: string | null;
  /** Where the last page ended: time as text, with its microseconds, and id. */
  before: EventKey | null;
  /** The oldest event to read. */
  since?: EventKey | null;
  limit: number;
};

/** Place of an event in the order of time. The time is text, with its microseconds. */
export type EventKey = { time: string; id: string };

/** Events that one page reads at most to find those that match a filter. */
export const MAX_SCANNED = 50_000;

// An event that was archived and then sent again counts once.
const WITH_ARCHIVED = `
  select time, id, type, source, event_id, subject, outcome, bytes, data, attributes from app.events
  union all
  select time, id, type, source, event_id, subject, outcome, bytes, data, attributes from (${archivedRecords('$14')}) a
  where not exists (select from app.events e where e.time = a.time and e.id = a.id)`;

const ofDocument = (id: string) =>
  ` and (time, id) in (select r.time, r.id from app.import_rows r where r.import_id = ${pg.escapeLiteral(id)})`;

/**
 * The tenant's raw events, newest first, including the given `archived` ones. `data` and `attributes` are JSON text, so that
 * numbers keep their digits. A page is cut before it would exceed PAGE_BYTES, but has at least one row. Bytes as sent are summed
 * first, and only the remaining rows are measured as text, because a number of five bytes can become 309 as text.
 */
export async function listEvents(
  client: Client,
  filter: EventFilter,
  archived: readonly ArchivedRow[] = [],
): Promise<RowPage<ListedEvent>> {
  const result = await client.query<ListedEvent & Cut>(
    `select id, type, source, event_id, subject, data::text, attributes::text, time::text as cursor_time, found
     from (
       select *, sum(size) over (order by time desc, id desc rows unbounded preceding) as running
       from (
         select *, coalesce(octet_length(data::text), 0) + coalesce(octet_length(attributes::text), 0) as size
         from (
           select *, count(*) over () as found,
             sum(bytes) over (order by time desc, id desc rows unbounded preceding) as running_sent
           from (
             select time, id, type, source, event_id, subject, bytes, data, attributes
             from ${archived.length === 0 ? 'app.events_newest_first' : `(${WITH_ARCHIVED}) everywhere`}
             where ($1::text[] is null or type = any ($1)) and ($2::text[] is null or subject = any ($2))
               and ($9::text[] is null or source = any ($9)) and ($10::text[] is null or coalesce(outcome, '') = any ($10))
               and ($11::text[] is null or coalesce(left(data ->> 'marketplace', 200), '') = any ($11))
               and time >= coalesce($3::timestamptz, '-infinity') and time < coalesce($4::timestamptz, 'infinity')
               and ($5::timestamptz is null or (time, id) < ($5, $6::uuid))
               and time <= coalesce($5::timestamptz, 'infinity')${filter.document ? ofDocument(filter.document) : ''}
               and ($12::timestamptz is null or (time, id) >= ($12, $13::uuid))
               and time >= coalesce($12::timestamptz, '-infinity')
             order by time desc, id desc
             limit $7
           ) matches
         ) counted
         where running_sent <= $8 or running_sent = bytes
       ) measured
     ) sized
     where running <= $8 or running = size
     order by time desc, id desc`,
    [
      filter.types,
      filter.subjects,
      filter.from,
      filter.to,
      filter.before?.time ?? null,
      filter.before?.id ?? null,
      filter.limit,
      PAGE_BYTES,
      filter.sources,
      filter.outcomes,
      filter.marketplaces,
      filter.since?.time ?? null,
      filter.since?.id ?? null,
      ...(archived.length === 0 ? [] : [JSON.stringify(archived)]),
    ],
  );
  return pageOf(result.rows, filter.limit);
}

/**
 * The oldest of the MAX_SCANNED newest events of the window: no index is by type, source, subject or outcome, so a page with a filter
 * reads no further. Undefined if there are fewer events. Only the key's index is read.
 */
export async function findScanEnd(client: Client, { from, to, before }: EventFilter): Promise<EventKey | undefined> {
  const { rows } = await client.query<EventKey>(
    `select time::text as time, id from app.events_newest_first e
     where time >= coalesce($1::timestamptz, '-infinity') and time < coalesce($2::timestamptz, 'infinity')
       and ($3::timestamptz is null or (time, id) < ($3, $4::uuid)) and time <= coalesce($3::timestamptz, 'infinity')
     order by e.time desc, id desc offset ${MAX_SCANNED - 1} limit 1`,
    [from, to, before?.time ?? null, before?.id ?? null],
  );
  return rows[0];
}
