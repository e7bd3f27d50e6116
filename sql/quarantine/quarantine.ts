import { v7 as uuidv7 } from 'uuid';
import type { Instant } from '../../lib/time.ts';
import { arrayOf } from '../database/binary-array.ts';
import type { Client, Pool } from '../database/db.ts';
import { type Cut, PAGE_BYTES, pageOf, type RowPage } from '../database/page.ts';

export type QuarantineStatus = 'quarantined' | 'conflict' | 'rejected';

export type NewQuarantined = {
  status: QuarantineStatus;
  code: string;
  detail: string | null;
  pointer: string | null;
  type: string | null;
  raw: Uint8Array;
};

export type Quarantined = NewQuarantined & {
  id: string;
  received_at: Date;
  raw: Buffer;
  replayed_at: Date | null;
  /** Name of the key that sent it: the default `source`. */
  key_name: string;
};

/** Identifies a request that may be repeated: the time of its first receipt, and an id for each index of its events. */
export type FirstReceipt = { receivedAt: Date; idOf: (index: number) => string };

/** Stores the rejected input of one request, byte for byte. Input of a repeated request is stored once. */
export async function quarantine(
  pool: Pool,
  keyId: string,
  rows: (NewQuarantined & { index: number })[],
  known?: FirstReceipt,
): Promise<void> {
  const receivedAt = (known?.receivedAt.getTime() ?? Date.now()) * 1000;
  await pool.query('select door.quarantine($1, $2, $3, $4, $5, $6, $7, $8, $9)', [
    arrayOf.uuid(rows, () => keyId),
    arrayOf.uuid(rows, ({ index }) => known?.idOf(index) ?? uuidv7()),
    arrayOf.timestamptz(rows, () => receivedAt),
    arrayOf.text(rows, (row) => row.status),
    arrayOf.text(rows, (row) => row.code),
    arrayOf.text(rows, (row) => row.detail),
    arrayOf.text(rows, (row) => row.pointer),
    arrayOf.text(rows, (row) => row.type),
    arrayOf.bytea(rows, (row) => row.raw),
  ]);
}

export type ListedQuarantined = Quarantined & { cursor_time: string };

export type QuarantineFilter = {
  code: string | null;
  type: string | null;
  from: Instant | null;
  to: Instant | null;
  /** Only these rows, by id. */
  ids: string[] | null;
  before: { received_at: string; id: string } | null;
  /** Leaves out rows that a replay has already stored. */
  pending: boolean;
  limit: number;
};

/**
 * The tenant's rejected input, newest first. A page is cut before `raw` would exceed PAGE_BYTES, but has at least one row. The
 * window function only holds pointers to long values, which are read just for the rows that are returned.
 */
export async function listQuarantine(client: Client, filter: QuarantineFilter): Promise<RowPage<ListedQuarantined>> {
  const result = await client.query<ListedQuarantined & Cut>(
    `select id, received_at, status, code, detail, pointer, type, raw, replayed_at, key_name, received_at::text as cursor_time, found
     from (
       select *, octet_length(raw) as size, count(*) over () as found,
         sum(octet_length(raw)) over (order by received_at desc, id desc rows unbounded preceding) as running
       from (
         select id, received_at, status, code, detail, pointer, type, raw, replayed_at, key_name
         from app.quarantine
         where ($1::text is null or code = $1) and ($2::text is null or type = $2)
           and received_at >= coalesce($3::timestamptz, '-infinity') and received_at < coalesce($4::timestamptz, 'infinity')
           and ($5::uuid[] is null or id = any ($5))
           and ($6::timestamptz is null or (received_at, id) < ($6, $7::uuid))
           and (not $8 or replayed_at is null)
         order by received_at desc, id desc
         limit $9
       ) matches
     ) sized
     where running <= $10 or running = size
     order by received_at desc, id desc`,
    [
      filter.code,
      filter.type,
      filter.from,
      filter.to,
      filter.ids,
      filter.before?.received_at ?? null,
      filter.before?.id ?? null,
      filter.pending,
      filter.limit,
      PAGE_BYTES,
    ],
  );
  return pageOf(result.rows, filter.limit);
}

/** Marks rows whose event a replay has stored, so that they are not replayed again. */
export async function markReplayed(client: Client, ids: string[]): Promise<void> {
  await client.query('select door.mark_replayed($1)', [ids]);
}
