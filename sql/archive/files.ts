import { Busy } from '../../lib/busy.ts';
import { backOff } from '../database/back-off.ts';
import type { Client, Pool } from '../database/db.ts';
import { withGuard } from '../database/guard.ts';
import type { Group } from './groups.ts';

export type ArchiveFile = Group & {
  id: string;
  name: string;
  bytes: number;
  sha256: string;
  status: 'proved' | 'live' | 'condemned';
};

const COLUMNS = `id, tenant_id, type, to_char(day, 'YYYY-MM-DD') as day, name, rows, bytes, sha256, digest, first_time::text,
  last_time::text, first_received_at::text, last_received_at::text, status`;

// Rows planted by the isolation audit have no file.
const REAL = "tenant_id not in (select id from private.tenants where kind = 'canary')";

/** How to get the archive's turn: commands wait for it, jobs try and retry later. */
export type Turn = 'wait' | 'try';

/**
 * Runs `work` while nobody else writes, rewrites or destroys archive files. Take it before the refresh lock. Throws Busy if
 * `turn` is 'try' and another process has the turn. `lost` aborts when the turn is lost during the work.
 */
export async function withArchiveTurn<T>(pool: Pool, work: (lost: AbortSignal) => Promise<T>, turn: Turn = 'wait'): Promise<T> {
  const done = await withGuard(
    pool,
    (guard) => takeTurn(guard, turn),
    async (lost) => ({ result: await work(lost) }),
  );
  if (!done) throw new Busy('Another process is working on the archive.');
  return done.result;
}

async function takeTurn(guard: Client, turn: Turn): Promise<boolean> {
  try {
    await guard.query(`lock table storage.archive_turn in exclusive mode ${turn === 'try' ? 'nowait' : ''}`);
  } catch (error) {
    if ((error as { code?: string }).code !== '55P03') throw error;
    return false;
  }
  // The backend of a killed program finishes its statement although its turn has ended. This waits for its writes to the
  // manifest, and does not block later writers.
  await guard.query(
    'savepoint free; lock table private.archive_files in share row exclusive mode; rollback to savepoint free; release savepoint free',
  );
  return true;
}

/** Files of one tenant or of all, by tenant, day and type: those with a status, or all that are not condemned. */
export async function listArchiveFiles(
  client: Client | Pool,
  filter: { tenantId?: string | undefined; status?: ArchiveFile['status']; from?: string; to?: string; day?: string } = {},
): Promise<ArchiveFile[]> {
  const { rows } = await client.query<ArchiveFile>(
    `select ${COLUMNS} from private.archive_files
     where ($1::uuid is null or tenant_id = $1) and status = any (coalesce($2, array['proved', 'live'])) and ${REAL}
       and ($3::date is null or day >= $3) and ($4::date is null or day < $4) and ($5::date is null or day = $5)
     order by tenant_id, day, type, first_time`,
    [
      filter.tenantId ?? null,
      filter.status ? [filter.status] : null,
      filter.from ?? null,
      filter.to ?? null,
      filter.day ?? null,
    ],
  );
  return rows;
}

/** Adds a proved file to the manifest. `replaces`: the file that it was made from. */
export async function enterArchiveFile(
  client: Client | Pool,
  file: ArchiveFile,
  replaces: string | null = null,
): Promise<void> {
  await client.query(
    `insert into private.archive_files (id, tenant_id, type, day, name, rows, bytes, sha256, digest, first_time, last_time,
       first_received_at, last_received_at, status, replaces)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
    [
      file.id,
      file.tenant_id,
      file.type,
      file.day,
      file.name,
      file.rows,
      file.bytes,
      file.sha256,
      file.digest,
      file.first_time,
      file.last_time,
      file.first_received_at,
      file.last_received_at,
      file.status,
      replaces,
    ],
  );
}

/** Names of the files with a tenant's archived events, in order. */
export async function namesOfTenant(client: Client, tenantId: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    "select name from private.archive_files where tenant_id = $1 and status = 'live' order by name",
    [tenantId],
  );
  return rows.map(({ name }) => name);
}

/**
 * Names and sizes of all files with archived events, without those of tenants that are being removed, because they may disappear
 * at any moment.
 */
export async function liveFiles(pool: Client | Pool): Promise<Pick<ArchiveFile, 'name' | 'bytes'>[]> {
  const { rows } = await pool.query<Pick<ArchiveFile, 'name' | 'bytes'>>(
    `select name, bytes from private.archive_files where status = 'live' and ${REAL}
       and tenant_id not in (select id from private.tenants where offboarding_at is not null)
     order by name`,
  );
  return rows;
}

/** Condemns files: nobody reads them from now on, and they will be destroyed. */
export async function condemn(client: Client | Pool, ids: string[]): Promise<void> {
  await client.query("update private.archive_files set status = 'condemned' where id = any ($1::uuid[])", [ids]);
}

export type CondemnedFile = Pick<ArchiveFile, 'id' | 'tenant_id' | 'name'>;

/** Files to destroy: all of one tenant, or the due ones of all tenants, which take turns. */
export async function condemnedFiles(pool: Pool, tenantId?: string): Promise<CondemnedFile[]> {
  const { rows } = await pool.query<CondemnedFile>(
    `select id, tenant_id, name from private.archive_files
     where status = 'condemned' and ${REAL} and (tenant_id = $1 or ($1::uuid is null and coalesce(retry_at, '-infinity') <= now()))
     order by row_number() over (partition by tenant_id order by attempts, day, id), tenant_id`,
    [tenantId ?? null],
  );
  return rows;
}

/** Records that a file could not be destroyed, and schedules the next attempt. */
export async function postponeCondemned(pool: Pool, id: string): Promise<void> {
  await pool.query(
    `update private.archive_files set attempts = attempts + 1, retry_at = now() + ${backOff('(attempts + 1)')} where id = $1`,
    [id],
  );
}

/** Removes a destroyed file from the manifest. */
export async function forgetArchiveFile(pool: Pool, id: string): Promise<void> {
  await pool.query("delete from private.archive_files where id = $1 and status = 'condemned'", [id]);
}

/** Returns those of `names` that are in the manifest and not condemned. */
export async function knownNames(pool: Pool, names: string[]): Promise<Set<string>> {
  const { rows } = await pool.query<{ name: string }>(
    `select name from private.archive_files where name = any ($1) and status <> 'condemned' and ${REAL}`,
    [names],
  );
  return new Set(rows.map(({ name }) => name));
}

/** Number of files in the manifest that are not condemned. */
export async function countArchiveFiles(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `select count(*) as n from private.archive_files where status <> 'condemned' and ${REAL}`,
  );
  return rows[0]?.n ?? 0;
}

/** Blocks readers that have not read the manifest yet until the transaction ends. Call it within withBriefLocks(). */
export async function holdReaders(client: Client): Promise<void> {
  await client.query('lock table private.archive_files in access exclusive mode');
}

/** From now on the archive answers for these files' events. */
export async function takeOver(client: Client, ids: string[]): Promise<void> {
  await client.query("update private.archive_files set status = 'live' where id = any ($1::uuid[])", [ids]);
}

/**
 * Condemns files past the retention of every rule and records the proof, in one statement. Returns how many. Proved files wait,
 * because their events are still in the database.
 */
export async function condemnExpired(client: Client | Pool, now: Date): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    `with expired as (
       update private.archive_files f set status = 'condemned'
       from (
         select tenant_id, type, private.archive_keep_days(tenant_id, type) as days
         from (select distinct tenant_id, type from private.archive_files where status = 'live') t
       ) k
       where f.tenant_id = k.tenant_id and f.type = k.type and f.status = 'live' and ${REAL.replace('tenant_id', 'f.tenant_id')}
         and f.last_time < $1::timestamptz - make_interval(days => coalesce(k.days, 0))
       returning k.days, f.last_time
     ), proof as (
       insert into storage.retention_runs (relation, rule, dropped_to, dropped)
       select 'archive_files', 'keep_days=' || days, max(last_time), count(*) from expired group by days order by days
     )
     select count(*) as n from expired`,
    [now],
  );
  return rows[0]?.n ?? 0;
}

export type ArchiveRun = {
  startedAt: Date;
  boundary: Date | null;
  files: number;
  rows: number;
  bytes: number;
  removed: number;
};

export async function noteArchiveRun(pool: Pool, run: ArchiveRun, error: string | null): Promise<void> {
  await pool.query(
    `insert into storage.archive_runs (started_at, boundary, files, rows, bytes, removed, error) values ($1, $2, $3, $4, $5, $6, $7)`,
    [run.startedAt, run.boundary, run.files, run.rows, run.bytes, run.removed, error],
  );
}
