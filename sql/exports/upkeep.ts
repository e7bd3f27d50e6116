import { instantSql } from '../../lib/time.ts';
import { backOff } from '../database/back-off.ts';
import type { Client, Pool } from '../database/db.ts';
import type { ClaimedExport } from './claims.ts';

/** Ends exports that were kept as long as they are to be. Gives how many. */
export async function expireExports(pool: Pool, now: Date): Promise<number> {
  const { rowCount } = await pool.query(
    `update private.export_jobs set status = 'expired', ended_at = $1 where status = 'completed' and expires_at <= $1`,
    [now],
  );
  return rowCount ?? 0;
}

/**
 * Ends exports whose files no backup has: finished ones expire, and those that were under way fail rather than end without the parts that they
 * had. Says nothing of a database from before there were exports.
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
 * Files in the store whose export has ended otherwise than by being completed, tenants by turns. One that may still be written waits until its
 * writer's time is over, for it would come back; one that could not be destroyed waits for its next attempt.
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

/** All of one tenant's, also those that wait for their next attempt. */
export async function doomedFilesOf(pool: Pool, now: Date, tenantId: string): Promise<DoomedFile[]> {
  const { rows } = await pool.query<DoomedFile>(
    `select f.tenant_id, f.export_id, f.part, f.object
     from private.export_files f join private.export_jobs j on j.id = f.export_id
     where ${DOOMED} and f.tenant_id = $2 order by f.export_id, f.part`,
    [now, tenantId],
  );
  return rows;
}

/** Notes that a file could not be destroyed, for the time of its next attempt. */
export async function postponeDoomed(pool: Pool, object: string, now: Date): Promise<void> {
  await pool.query(
    `update private.export_files set attempts = attempts + 1, retry_at = $2::timestamptz + ${backOff('(attempts + 1)')} where object = $1`,
    [object, now],
  );
}

/** Notes that a file does not lie in the store any more. */
export async function forgetDoomed(pool: Pool, object: string): Promise<void> {
  await pool.query('update private.export_files set object = null where object = $1', [object]);
}

/** How many files of the tenant were to be destroyed for this person and still lie in the store, or may. */
export async function countDoomed(pool: Pool, tenantId: string, personHash: string): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `select count(*) as n from private.export_files f join private.export_jobs j on j.id = f.export_id
     where j.tenant_id = $1 and j.erased_for = $2 and j.status in ${ENDED} and f.object is not null`,
    [tenantId, personHash],
  );
  return rows[0]?.n ?? 0;
}

/** Exports that were ended for the erasure of this person. */
export async function exportsErasedFor(pool: Pool, tenantId: string, personHash: string): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    'select id from private.export_jobs where tenant_id = $1 and erased_for = $2 order by id',
    [tenantId, personHash],
  );
  return rows.map(({ id }) => id);
}

const UNTOLD = "status = 'failed' and endpoint_id is not null and delivery_id is null";

/** Exports that were ended from outside while somebody waits for a notice. */
export async function listUntold(pool: Pool): Promise<{ id: string; tenant_id: string }[]> {
  const { rows } = await pool.query<{ id: string; tenant_id: string }>(
    `select id, tenant_id from private.export_jobs where ${UNTOLD} order by ended_at, id`,
  );
  return rows;
}

/** One of them, locked by the transaction of `client`; undefined where somebody else tells or has told. */
export async function lockUntold(client: Client, id: string): Promise<(ClaimedExport & { error: string }) | undefined> {
  const { rows } = await client.query<ClaimedExport & { error: string }>(
    `select id, tenant_id, dataset, format, ${instantSql('window_from')} as window_from, ${instantSql('window_to')} as window_to, endpoint_id, error from private.export_jobs
     where id = $1 and ${UNTOLD} for update skip locked`,
    [id],
  );
  return rows[0];
}

/** Notes which delivery tells of it; null: nobody is told, because the endpoint takes nothing any more. */
export async function noteTold(client: Client, exportId: string, deliveryId: string | null): Promise<void> {
  await client.query(
    `update private.export_jobs set delivery_id = $2, endpoint_id = case when $2::uuid is null then null else endpoint_id end where id = $1`,
    [exportId, deliveryId],
  );
}

/** Ends all exports of a tenant that is being removed, so that nobody writes another file of it. */
export async function endExportsOf(client: Client, tenantId: string): Promise<void> {
  await client.query(
    `update private.export_jobs set status = 'deleted', claim = null, ended_at = now()
     where tenant_id = $1 and status in ('queued', 'running', 'completed')`,
    [tenantId],
  );
}

/** Those of these names in the store that no export knows. */
export async function unknownObjects(pool: Pool, objects: string[]): Promise<string[]> {
  const { rows } = await pool.query<{ object: string }>(
    `select u.object from unnest($1::text[]) u (object)
     where not exists (select from private.export_files f where f.object = u.object)`,
    [objects],
  );
  return rows.map(({ object }) => object);
}

/** Names under which files of completed exports lie in the store. */
export async function keptObjects(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ object: string }>(
    `select f.object from private.export_files f join private.export_jobs j on j.id = f.export_id
     where j.status = 'completed' and f.object is not null`,
  );
  return rows.map(({ object }) => object);
}
