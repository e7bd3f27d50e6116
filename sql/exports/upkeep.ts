import { instantSql } from '../../lib/time.ts';
import { backOff } from '../database/back-off.ts';
import type { Client, Pool } from '../database/db.ts';
import type { ClaimedExport } from './claims.ts';

/** Expires exports past their retention. Returns how many. */
export async function expireExports(pool: Pool, now: Date): Promise<number> {
  const { rowCount } = await pool.query(
    `update private.export_jobs set status = 'expired', ended_at = $1 where status = 'completed' and expires_at <= $1`,
    [now],
  );
  return rowCount ?? 0;
}

/**
 * Ends exports whose files are in no backup: completed ones expire, and running ones with stored parts fail, because those parts
 * are lost. Does nothing if the database is older than exports.
 */
export async function endRestoredExports(client: Client): Promise<void> {
  const { rows } = await client.query<{ there: boolean }>("select to_regclass('private.export_files') is not null as there");
  if (!rows[0]?.there) return;
  await client.query("update private.export_jobs set status = 'expired', ended_at = now() where status = 'completed'");
  await client.query(
    `update private.export_jobs j
     set status = 'failed', claim = null, ended_at = now(), error = 'The platform was restored from a backup, which has no files of exports.'
     where status in ('queued', 'running')
       and exists (select from private.export_files f where f.export_id = j.id and f.stored_at is not null)`,
  );
}

const ENDED = "('failed', 'cancelled', 'expired', 'deleted')";

export type DoomedFile = { tenant_id: string; export_id: string; part: number; object: string };

const DOOMED = `j.status in ${ENDED} and f.object is not null and (f.stored_at is not null or j.claimed_until <= $1)`;

/**
 * Files in the store whose export failed or was cancelled, expired or deleted; tenants take turns. A file that may still be
 * written waits until its writer's lease expires, because it could reappear. A file that could not be destroyed waits for its
 * next attempt.
 */
export async function doomedFiles(pool: Pool, now: Date, limit: number): Promise<DoomedFile[]> {
  const { rows } = await pool.query<DoomedFile>(
    `select f.tenant_id, f.export_id, f.part, f.object
     from private.export_files f join private.export_jobs j on j.id = f.export_id
     where ${DOOMED} and coalesce(f.retry_at, '-infinity') <= $1
     order by row_number() over (partition by f.tenant_id order by f.attempts, f.export_id, f.part), f.tenant_id limit $2`,
    [now, limit],
  );
  return rows;
}

/** The same for one tenant, including files that wait for their next attempt. */
export async function doomedFilesOf(pool: Pool, now: Date, tenantId: string): Promise<DoomedFile[]> {
  const { rows } = await pool.query<DoomedFile>(
    `select f.tenant_id, f.export_id, f.part, f.object
     from private.export_files f join private.export_jobs j on j.id = f.export_id
     where ${DOOMED} and f.tenant_id = $2 order by f.export_id, f.part`,
    [now, tenantId],
  );
  return rows;
}

/** Records that a file could not be destroyed, and schedules the next attempt. */
export async function postponeDoomed(pool: Pool, object: string, now: Date): Promise<void> {
  await pool.query(
    `update private.export_files set attempts = attempts + 1, retry_at = $2::timestamptz + ${backOff('(attempts + 1)')} where object = $1`,
    [object, now],
  );
}

/** Records that a file is no longer in the store. */
export async function forgetDoomed(pool: Pool, object: string): Promise<void> {
  await pool.query('update private.export_files set object = null where object = $1', [object]);
}

/** Counts the tenant's files that must be destroyed for this person and are, or may be, still in the store. */
export async function countDoomed(pool: Pool, tenantId: string, personHash: string): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `select count(*) as n from private.export_files f join private.export_jobs j on j.id = f.export_id
     where j.tenant_id = $1 and j.erased_for = $2 and j.status in ${ENDED} and f.object is not null`,
    [tenantId, personHash],
  );
  return rows[0]?.n ?? 0;
}

/** Exports that were ended by the erasure of this person. */
export async function exportsErasedFor(pool: Pool, tenantId: string, personHash: string): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    'select id from private.export_jobs where tenant_id = $1 and erased_for = $2 order by id',
    [tenantId, personHash],
  );
  return rows.map(({ id }) => id);
}

const UNTOLD = "status = 'failed' and endpoint_id is not null and delivery_id is null";

/** Exports that failed outside a worker, by an erasure or a restore, and whose endpoint has not been notified yet. */
export async function listUntold(pool: Pool): Promise<{ id: string; tenant_id: string }[]> {
  const { rows } = await pool.query<{ id: string; tenant_id: string }>(
    `select id, tenant_id from private.export_jobs where ${UNTOLD} order by ended_at, id`,
  );
  return rows;
}

/** Locks one of them in the transaction of `client`. Returns undefined if another worker has notified or is notifying. */
export async function lockUntold(client: Client, id: string): Promise<(ClaimedExport & { error: string }) | undefined> {
  const { rows } = await client.query<ClaimedExport & { error: string }>(
    `select id, tenant_id, dataset, format, ${instantSql('window_from')} as window_from, ${instantSql('window_to')} as window_to, endpoint_id, error from private.export_jobs
     where id = $1 and ${UNTOLD} for update skip locked`,
    [id],
  );
  return rows[0];
}

/** Records the delivery that notifies of it. Null: nobody is notified, because the endpoint accepts nothing any more. */
export async function noteTold(client: Client, exportId: string, deliveryId: string | null): Promise<void> {
  await client.query(
    `update private.export_jobs set delivery_id = $2, endpoint_id = case when $2::uuid is null then null else endpoint_id end where id = $1`,
    [exportId, deliveryId],
  );
}

/** Ends all exports of a tenant that is being removed, so that no more of its files are written. */
export async function endExportsOf(client: Client, tenantId: string): Promise<void> {
  await client.query(
    `update private.export_jobs set status = 'deleted', claim = null, ended_at = now()
     where tenant_id = $1 and status in ('queued', 'running', 'completed')`,
    [tenantId],
  );
}

/** Returns those of `objects` that belong to no export. */
export async function unknownObjects(pool: Pool, objects: string[]): Promise<string[]> {
  const { rows } = await pool.query<{ object: string }>(
    `select u.object from unnest($1::text[]) u (object)
     where not exists (select from private.export_files f where f.object = u.object)`,
    [objects],
  );
  return rows.map(({ object }) => object);
}

/** Names of the objects of completed exports. */
export async function keptObjects(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ object: string }>(
    `select f.object from private.export_files f join private.export_jobs j on j.id = f.export_id
     where j.status = 'completed' and f.object is not null`,
  );
  return rows.map(({ object }) => object);
}
