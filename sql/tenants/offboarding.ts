import { backOff, PUT_OFF } from '../database/back-off.ts';
import { type Client, type Pool, withTransaction } from '../database/db.ts';
import { signCertificate } from '../privacy/certificates.ts';
import { keyHashes } from './tenants.ts';

export type Offboarding = {
  tenant_id: string;
  /** Until the removal is complete; then nothing names the tenant but its id. */
  slug: string | null;
  requested_at: Date;
  progress: number;
  completed_at: Date | null;
  certificate: object | null;
};

const COLUMNS = 'tenant_id, slug, requested_at, progress, completed_at, certificate';

/**
 * Closes a tenant at once and schedules its removal. Returns the hashes of its keys, so that caches can forget them, or undefined
 * if there is no such customer.
 */
export async function offboardTenant(
  client: Client,
  tenantId: string,
): Promise<(Offboarding & { revoked: Buffer[] }) | undefined> {
  const { rows } = await client.query<Offboarding>(`select ${COLUMNS} from door.offboard_tenant($1)`, [tenantId]);
  const revoked = await keyHashes(client, tenantId);
  return rows[0] && { ...rows[0], revoked };
}

/** The state of a tenant's removal, also after it has finished; undefined if none was requested. */
export async function findOffboarding(pool: Pool, tenantId: string): Promise<Offboarding | undefined> {
  const { rows } = await pool.query<Offboarding>(`select ${COLUMNS} from door.offboarding($1)`, [tenantId]);
  return rows[0];
}

/**
 * Due removals, except those of tenants for which an older transaction may still store rows. Only transactions that can write
 * count: in this database, and not of a read-only login. So no customer can delay a removal by keeping one open. A transaction
 * holds a lock on its own number, which every login can see.
 */
export async function openOffboardings(pool: Pool): Promise<Pick<Offboarding, 'tenant_id' | 'requested_at'>[]> {
  const { rows } = await pool.query<Pick<Offboarding, 'tenant_id' | 'requested_at'>>(
    `select tenant_id, requested_at from private.offboardings o
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

/** Counts an attempt before it starts, so that an attempt that kills its process is delayed too. */
export async function beginOffboarding(pool: Pool, tenantId: string): Promise<void> {
  await pool.query(
    `update private.offboardings set attempts = attempts + 1, retry_at = now() + ${backOff('(attempts + 1)')} where tenant_id = $1`,
    [tenantId],
  );
}

/** Uncounts an attempt that was postponed because another worker was busy. */
export async function putOffOffboarding(pool: Pool, tenantId: string): Promise<void> {
  await pool.query(
    `update private.offboardings set attempts = attempts - 1, retry_at = now() + ${PUT_OFF} where tenant_id = $1`,
    [tenantId],
  );
}

/** Tables that outlive a tenant, each with the reason. The tenant's rows are deleted from every other table with a tenant_id. */
export const KEPT: Record<string, string> = {
  audit_log: 'proof of what administrators did, among it the name that the tenant was created with',
  access_log: 'dates, times and addresses of use, for six months (Marco Civil da Internet, art. 15)',
  offboardings: 'this certificate',
};

/** Tables of the schema private with a tenant_id, from the catalogue, so that none is forgotten. */
export async function tenantTables(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
     where c.relnamespace = 'private'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
     order by c.relname`,
  );
  return rows.map(({ name }) => name).filter((name) => !Object.hasOwn(KEPT, name));
}

/** Deletes all rows of one tenant from one of tenantTables(). Returns how many. */
export async function emptyTable(client: Client, table: string, tenantId: string): Promise<number> {
  const { rowCount } = await client.query(`delete from private."${table}" where tenant_id = $1`, [tenantId]);
  return rowCount ?? 0;
}

/** Deletes the tenant itself and its counters. This is the last step, because everything else is found through it. */
export async function removeTenant(client: Client, tenantId: string): Promise<void> {
  await client.query("delete from limits.counters where key like '%:' || $1", [tenantId]);
  await client.query('delete from private.tenants where id = $1', [tenantId]);
}

/** A tenant's logins that have not ended; without `tenantId`, those of any tenant that are revoked or expired. */
export async function loginsToEnd(pool: Pool, tenantId?: string): Promise<{ id: string; tenant_id: string }[]> {
  const { rows } = await pool.query<{ id: string; tenant_id: string }>(
    `select id, tenant_id from private.sql_logins
     where ended_at is null and (tenant_id = $1 or ($1::uuid is null and (revoked_at is not null or expires_at <= now())))`,
    [tenantId ?? null],
  );
  return rows;
}

/** Adds to the counts of removed rows by table, so that the certificate covers earlier, interrupted attempts too. */
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

/** How many rows each kept table has of the tenant. */
export async function countKept(pool: Pool, tenantId: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of Object.keys(KEPT)) {
    const { rows } = await pool.query<{ n: number }>(`select count(*) as n from private."${table}" where tenant_id = $1`, [
      tenantId,
    ]);
    counts[table] = rows[0]?.n ?? 0;
  }
  return counts;
}

/** Completes a removal with a signed certificate. From now on only its id identifies the tenant. */
export async function completeOffboarding(pool: Pool, tenantId: string, certificate: object): Promise<void> {
  await withTransaction(pool, 'begin', async (client) => {
    const { rows } = await client.query<{ removed: object }>(
      "select coalesce(certificate -> 'removed', '{}') as removed from private.offboardings where tenant_id = $1 for update",
      [tenantId],
    );
    const signed = await signCertificate(client, tenantId, tenantId, { ...certificate, removed: rows[0]?.removed ?? {} });
    await client.query(
      `update private.offboardings set progress = 100, completed_at = now(), slug = null, certificate = $2 where tenant_id = $1`,
      [tenantId, JSON.stringify(signed)],
    );
  });
}
