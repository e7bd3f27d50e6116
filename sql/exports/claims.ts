import { v7 as uuidv7 } from 'uuid';
import { type Instant, instantSql } from '../../lib/time.ts';
import { type Client, type Pool, withTransaction } from '../database/db.ts';
import type { ExportJob } from './jobs.ts';

/** An export that a worker holds a lease on. */
export type ClaimedExport = Pick<
  ExportJob,
  'id' | 'dataset' | 'format' | 'options' | 'window_from' | 'window_to' | 'filter' | 'since' | 'settled_at' | 'endpoint_id'
> & {
  tenant_id: string;
  since_to: Instant | null;
  received_from: Date | null;
  claim: string;
  /** Attempts since the last finished part, including the current one. */
  attempts: number;
};

/** A worker renews its lease at least this often. Otherwise the lease expires and another worker takes the export. */
const LEASE = "interval '1 minute'";

/**
 * Leases the next part of an export. Tenants with the fewest running parts come first, then the one served longest ago, so that a
 * long export does not block other tenants. Returns undefined if nothing is due.
 */
export async function claimExport(pool: Pool, now: Date): Promise<ClaimedExport | undefined> {
  return withTransaction(pool, 'begin', async (client) => {
    // One lease at a time, so that each worker sees whom the others serve.
    await client.query("select from storage.locks where name = 'exports' for update");
    const { rows } = await client.query<ClaimedExport>(
      `update private.export_jobs
       set status = 'running', claim = $2, claimed_until = $1::timestamptz + ${LEASE}, served_at = $1, attempts = attempts + 1
       where id = (
         select j.id
         from private.export_jobs j join (
             select tenant_id, count(*) filter (where claimed_until > $1) as busy, max(served_at) as served_at
             from private.export_jobs where status in ('queued', 'running') group by 1
           ) turn using (tenant_id)
         where j.status in ('queued', 'running') and j.due_at <= $1 and j.claimed_until <= $1
         order by turn.busy, turn.served_at, j.served_at, j.id
         limit 1 for update of j skip locked
       )
       returning id, tenant_id, dataset, format, options, ${instantSql('window_from')} as window_from,
           ${instantSql('window_to')} as window_to, filter, since, ${instantSql('since_to')} as since_to, received_from, settled_at,
           endpoint_id, claim, attempts`,
      [now, uuidv7()],
    );
    return rows[0];
  });
}

type Held = Pick<ClaimedExport, 'id' | 'claim'>;

/** Renews the lease. Returns false if the export was cancelled or another worker has the lease. */
export async function keepExport(pool: Pool, { id, claim }: Held, progress: number, now: Date): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update private.export_jobs set claimed_until = $4::timestamptz + ${LEASE}, progress = greatest(progress, $3)
     where id = $1 and claim = $2 and status = 'running'`,
    [id, claim, progress, now],
  );
  return rowCount === 1;
}

/** Releases the lease; the export is due again at `dueAt`. `unspent`: the attempt does not count. */
export async function releaseExport(pool: Pool, { id, claim }: Held, dueAt: Date, unspent: boolean): Promise<void> {
  await pool.query(
    `update private.export_jobs set claim = null, claimed_until = '-infinity', due_at = $3, attempts = attempts - $4::integer
     where id = $1 and claim = $2 and status = 'running'`,
    [id, claim, dueAt, unspent ? 1 : 0],
  );
}

/**
 * What one file holds: rows with `from_time` <= time < `to_time`, received from `received_from` on. `name`: its folder, or empty.
 */
export type PlannedPart = {
  from_time: Instant;
  to_time: Instant;
  received_from: Date | null;
  expected_rows: number;
  name: string;
};

/** Stores the types and the parts of an export, and releases the lease. Returns false if the lease is lost. */
export async function planExport(
  pool: Pool,
  { id, claim, tenant_id }: ClaimedExport,
  settledAt: Date,
  types: string[],
  parts: PlannedPart[],
): Promise<boolean> {
  return withTransaction(pool, 'begin', async (client) => {
    const held = await client.query(
      `update private.export_jobs set settled_at = $3, manifest = jsonb_build_object('types', $4::jsonb), attempts = 0, claim = null,
           claimed_until = '-infinity'
       where id = $1 and claim = $2 and status = 'running' and settled_at is null`,
      [id, claim, settledAt, JSON.stringify(types)],
    );
    if (held.rowCount !== 1) return false;
    await client.query(
      `insert into private.export_files (tenant_id, export_id, part, from_time, to_time, received_from, expected_rows, name)
       select $1, $2, p.number, p.from_time, p.to_time, p.received_from, p.expected_rows, p.name
       from unnest($3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::bigint[], $7::text[]) with ordinality
           as p (from_time, to_time, received_from, expected_rows, name, number)`,
      [
        tenant_id,
        id,
        parts.map((part) => part.from_time),
        parts.map((part) => part.to_time),
        parts.map((part) => part.received_from),
        parts.map((part) => part.expected_rows),
        parts.map((part) => part.name),
      ],
    );
    return true;
  });
}

export type OpenPart = PlannedPart & {
  part: number;
  /** Name of an object that an earlier attempt may have left in the store. */
  object: string | null;
  /** Parts and rows of the whole export, and how many of them are done. */
  parts: number;
  parts_done: number;
  files_done: number;
  rows_expected: number;
  rows_before: number;
};

/** The first part of an export that is not stored yet; undefined if all are. */
export async function nextPart(pool: Pool, exportId: string): Promise<OpenPart | undefined> {
  const { rows } = await pool.query<OpenPart>(
    `select part, ${instantSql('from_time')} as from_time, ${instantSql('to_time')} as to_time, received_from, expected_rows, name, object, parts, parts_done, files_done, rows_expected, rows_before
     from (
       select *, count(*) over () as parts, count(stored_at) over () as parts_done, count(sha256) over () as files_done,
           sum(expected_rows) over () as rows_expected,
           coalesce(sum(expected_rows) filter (where stored_at is not null) over (), 0) as rows_before
       from private.export_files where export_id = $1
     ) all_parts
     where stored_at is null order by part limit 1`,
    [exportId],
  );
  return rows[0];
}

/** Records the name of the part's object before it is written to the store. Returns false if the lease is lost. */
export async function reserveObject(pool: Pool, { id, claim }: Held, part: number, object: string | null): Promise<boolean> {
  const { rowCount } = await pool.query(
    // The transaction that ends the export waits for this lock, and so sees the name.
    `with held as (select id from private.export_jobs where id = $1 and claim = $2 and status = 'running' for share)
     update private.export_files f set object = $4
     from held j where f.export_id = j.id and f.part = $3 and f.stored_at is null`,
    [id, claim, part, object],
  );
  return rowCount === 1;
}

/** Removes a reservation. Call it once no object has that name. */
export async function forgetObject(pool: Pool, object: string): Promise<void> {
  await pool.query('update private.export_files set object = null where object = $1 and stored_at is null', [object]);
}

/** A part in the store, and the progress of its export. `sha256` is null if the part had no rows: then there is no file. */
export type StoredPart = { name: string; rows: number; bytes: number; sha256: string | null; progress: number };

/** Records that a part is stored, and releases the lease. Returns false if the lease is lost; the part does not count then. */
export async function storePart(pool: Pool, { id, claim }: Held, part: number, stored: StoredPart): Promise<boolean> {
  return withTransaction(pool, 'begin', async (client) => {
    const held = await client.query(
      `update private.export_jobs set attempts = 0, progress = greatest(progress, $3), claim = null, claimed_until = '-infinity'
       where id = $1 and claim = $2 and status = 'running'`,
      [id, claim, stored.progress],
    );
    if (held.rowCount !== 1) return false;
    await client.query(
      `update private.export_files set name = $3, rows = $4, bytes = $5, sha256 = $6, stored_at = now()
       where export_id = $1 and part = $2`,
      [id, part, stored.name, stored.rows, stored.bytes, stored.sha256],
    );
    return true;
  });
}

/** The outcomes that a worker decides itself. */
export type ExportEnd =
  | { status: 'completed'; manifest: object; expiresAt: Date; deliveryId: string | null }
  | { status: 'failed'; error: string; deliveryId: string | null };

/** Ends an export in the transaction of `client`. Returns false if the lease is lost. */
export async function settleExport(client: Client, { id, claim }: Held, end: ExportEnd, now: Date): Promise<boolean> {
  const completed = end.status === 'completed';
  const { rowCount } = await client.query(
    `update private.export_jobs
     set status = $3, progress = case when $3 = 'completed' then 100 else progress end, error = $4, manifest = coalesce($5, manifest),
         completed_at = case when $3 = 'completed' then $7::timestamptz end, expires_at = $6, ended_at = $7, delivery_id = $8, claim = null,
         claimed_until = '-infinity'
     where id = $1 and claim = $2 and status = 'running'`,
    [
      id,
      claim,
      end.status,
      completed ? null : end.error,
      completed ? JSON.stringify(end.manifest) : null,
      completed ? end.expiresAt : null,
      now,
      end.deliveryId,
    ],
  );
  return rowCount === 1;
}

/** Returns those of `claims` whose lease has not expired. */
export async function liveClaims(pool: Pool, claims: string[], now: Date): Promise<Set<string>> {
  const { rows } = await pool.query<{ claim: string }>(
    'select claim from private.export_jobs where claim::text = any ($1::text[]) and claimed_until > $2',
    [claims, now],
  );
  return new Set(rows.map(({ claim }) => claim));
}
