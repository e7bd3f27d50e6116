import { backOff, PUT_OFF } from '../database/back-off.ts';
import type { Client, Pool } from '../database/db.ts';
import { keyHashes } from './tenants.ts';

export type Offboarding = {
  tenant_id: string;
  slug: string;
  requested_at: Date;
  progress: number;
  completed_at: Date | null;
  certificate: object | null;
};

const COLUMNS = 'tenant_id, slug, requested_at, progress, completed_at, certificate';

/**
 * Closes a customer at once and has the job remove all of it; gives the hashes of its keys, so that caches can forget them.
 * Undefined where there is no such customer.
 */
export async function offboardTenant(
  client: Client,
  tenantId: string,
): Promise<(Offboarding & { revoked: Buffer[] }) | undefined> {
  const { rows } = await client.query<Offboarding>(`select ${COLUMNS} from door.offboard_tenant($1)`, [tenantId]);
  const revoked = await keyHashes(client, tenantId);
  return rows[0] && { ...rows[0], revoked };
}

/** How the removal of a tenant goes, also after it; undefined where none was asked for. */
export async function findOffboarding(pool: Pool, tenantId: string): Promise<Offboarding | undefined> {
  const { rows } = await pool.query<Offboarding>(`select ${COLUMNS} from door.offboarding($1)`, [tenantId]);
  return rows[0];
}

/**
 * Removals that are due, without those whose tenant may still be stored under by a transaction that began before. Only those count that may
 * store something: in this database, and of no login that can but read. A customer who keeps one open keeps nobody's removal.
 * Transactions hold a lock on their own number, which every login sees.
 */
export async function openOffboardings(pool: Pool): Promise<Pick<Offboarding, 'tenant_id' | 'slug' | 'requested_at'>[]> {
  const { rows } = await pool.query<Pick<Offboarding, 'tenant_id' | 'slug' | 'requested_at'>>(
    `select tenant_id, slug, requested_at from private.offboardings o
     where completed_at is null and not exists (
       select from pg_locks k left join pg_stat_activity a using (pid) left join pg_prepared_xacts p on p.transaction = k.transactionid
       where k.locktype = 'transactionid' and k.mode = 'ExclusiveLock' and k.granted
         and age(k.transactionid) > age(o.closed_in::xid)
         and coalesce(a.datname, p.database) = current_database()
         and coalesce(a.usename, p.owner) !~ '^mirante_(sql_.*|metabase|ops)$')
       and coalesce(o.retry_at, '-infinity') <= now()
     order by attempts, requested_at`,
  );
  return rows;
}

/** Notes an attempt before it is made, so that one that takes its process with it comes later as well. */
export async function beginOffboarding(pool: Pool, tenantId: string): Promise<void> {
  await pool.query(
    `update private.offboardings set attempts = attempts + 1, retry_at = now() + ${backOff('(attempts + 1)')} where tenant_id = $1`,
    [tenantId],
  );
}

/** Takes an attempt back that was put off because somebody else was at work. */
export async function putOffOffboarding(pool: Pool, tenantId: string): Promise<void> {
  await pool.query(
    `update private.offboardings set attempts = attempts - 1, retry_at = now() + ${PUT_OFF} where tenant_id = $1`,
    [tenantId],
  );
}

/** Tables that outlive a tenant, each with the reason. Every other table with a tenant_id is emptied of it. */
export const KEPT: Record<string, string> = {
  audit_log: 'proof of what administrators did',
  offboardings: 'this certificate',
};

/** Tables of the schema private with a tenant_id, from the catalogue, so that none can be forgotten. */
export async function tenantTables(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
     where c.relnamespace = 'private'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
     order by c.relname`,
  );
  return rows.map(({ name }) => name).filter((name) => !Object.hasOwn(KEPT, name));
}

/** Deletes all rows of one tenant from one of tenantTables(). Gives how many. */
export async function emptyTable(client: Client, table: string, tenantId: string): Promise<number> {
  const { rowCount } = await client.query(`delete from private."${table}" where tenant_id = $1`, [tenantId]);
  return rowCount ?? 0;
}

/** Removes the tenant itself and its counters; the last step, because everything is found by it. */
export async function removeTenant(client: Client, tenantId: string): Promise<void> {
  await client.query("delete from limits.counters where key like '%:' || $1", [tenantId]);
  await client.query('delete from private.tenants where id = $1', [tenantId]);
}

/** The logins that are not ended yet of a tenant, or, without one, those of anybody that are revoked or have expired. */
export async function loginsToEnd(pool: Pool, tenantId?: string): Promise<{ id: string; tenant_id: string }[]> {
  const { rows } = await pool.query<{ id: string; tenant_id: string }>(
    `select id, tenant_id from private.sql_logins
     where ended_at is null and (tenant_id = $1 or ($1::uuid is null and (revoked_at is not null or expires_at <= now())))`,
    [tenantId ?? null],
  );
  return rows;
}

/** What has been removed so far, by table, so that an attempt which takes over from a dead one certifies both. */
export async function noteRemoved(client: Client, tenantId: string, removed: Record<string, number>): Promise<void> {
  await client.query(
    `update private.offboardings set progress = least(progress + 3, 95), certificate = jsonb_build_object('removed',
         coalesce(certificate -> 'removed', '{}') || (
             select jsonb_object_agg(key, value::bigint + coalesce((certificate -> 'removed' ->> key)::bigint, 0))
             from jsonb_each_text($2::jsonb)))
     where tenant_id = $1`,
    [tenantId, JSON.stringify(removed)],
  );
}

export async function completeOffboarding(pool: Pool, tenantId: string, certificate: object): Promise<void> {
  await pool.query(
    `update private.offboardings
     set progress = 100, completed_at = now(), certificate = $2::jsonb || jsonb_build_object('removed', certificate -> 'removed')
     where tenant_id = $1`,
    [tenantId, JSON.stringify(certificate)],
  );
}
