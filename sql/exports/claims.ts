import { v7 as uuidv7 } from 'uuid';
import { type Instant, instantSql } from '../../lib/time.ts';
import { type Client, type Pool, withTransaction } from '../database/db.ts';
import type { ExportJob } from './jobs.ts';

/** An export that somebody works on just now. */
export type ClaimedExport = Pick<
  ExportJob,
  'id' | 'dataset' | 'format' | 'options' | 'window_from' | 'window_to' | 'filter' | 'since' | 'settled_at' | 'endpoint_id'
> & {
  tenant_id: string;
  since_to: Instant | null;
  received_from: Date | null;
  claim: string;
  /** Since the last part that was finished, this one included. */
  attempts: number;
};

/** Whoever works on an export says so at least this often, or is taken for dead. */
const LEASE = "interval '1 minute'";

/**
 * Takes up the next part of an export: of the tenant with the fewest under way, and among these of the one that was served longest ago, so
 * that a long export holds up nobody else's. Undefined where nothing is due.
 */
export async function claimExport(pool: Pool, now: Date): Promise<ClaimedExport | undefined> {
  return withTransaction(pool, 'begin', async (client) => {
    // One claim at a time: each sees whom the others serve already.
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

/** Says that it is still being worked on. False: it was cancelled, or somebody else has it. */
export async function keepExport(pool: Pool, { id, claim }: Held, progress: number, now: Date): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update private.export_jobs set claimed_until = $4::timestamptz + ${LEASE}, progress = greatest(progress, $3)
     where id = $1 and claim = $2 and status = 'running'`,
    [id, claim, progress, now],
  );
  return rowCount === 1;
}

/** Lets go of it, to be taken up again at `dueAt`; `unspent`: this was no attempt that failed. */
export async function releaseExport(pool: Pool, { id, claim }: Held, dueAt: Date, unspent: boolean): Promise<void> {
  await pool.query(
    `update private.export_jobs set claim = null, claimed_until = '-infinity', due_at = $3, attempts = attempts - $4::integer
     where id = $1 and claim = $2 and status = 'running'`,
    [id, claim, dueAt, unspent ? 1 : 0],
  );
}

/** What one file holds: rows from `from_time` on and before `to_time`, received from `received_from` on; `name`: its folder, or nothing. */
export type PlannedPart = {
  from_time: Instant;
  to_time: Instant;
  received_from: Date | null;
  expected_rows: number;
  name: string;
};

/** Writes down what is in an export and into which parts it falls, and lets go of it. False: it is somebody else's. */
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
  /** What an attempt before may have left in the store. */
  object: string | null;
  /** Parts and rows of the whole export, and those that are done. */
  parts: number;
  parts_done: number;
  files_done: number;
  rows_expected: number;
  rows_before: number;
};

/** The first part of an export that is not in the store yet. */
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

/** Writes down under which name the part's file will lie in the store, before it does. False: it is somebody else's part now. */
export async function reserveObject(pool: Pool, { id, claim }: Held, part: number, object: string | null): Promise<boolean> {
  const { rowCount } = await pool.query(
    // Whoever ends the export waits for this, and so learns the name.
    `with held as (select id from private.export_jobs where id = $1 and claim = $2 and status = 'running' for share)
     update private.export_files f set object = $4
     from held j where f.export_id = j.id and f.part = $3 and f.stored_at is null`,
    [id, claim, part, object],
  );
  return rowCount === 1;
}

/** Takes back a reservation, once nothing lies under that name. */
export async function forgetObject(pool: Pool, object: string): Promise<void> {
  await pool.query('update private.export_files set object = null where object = $1 and stored_at is null', [object]);
}

/** A part as it lies in the store, and how far the export is with it; without a digest it had no rows and there is no file. */
export type StoredPart = { name: string; rows: number; bytes: number; sha256: string | null; progress: number };

/** Notes that a part is in the store, and lets go of the export. False: it is somebody else's, and the part does not count. */
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

/** The ends that the worker itself comes to. */
export type ExportEnd =
  | { status: 'completed'; manifest: object; expiresAt: Date; deliveryId: string | null }
  | { status: 'failed'; error: string; deliveryId: string | null };

/** Ends an export in the transaction of `client`. False: it is somebody else's. */
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

/** Which of these claims somebody still holds. */
export async function liveClaims(pool: Pool, claims: string[], now: Date): Promise<Set<string>> {
  const { rows } = await pool.query<{ claim: string }>(
    'select claim from private.export_jobs where claim::text = any ($1::text[]) and claimed_until > $2',
    [claims, now],
  );
  return new Set(rows.map(({ claim }) => claim));
}
