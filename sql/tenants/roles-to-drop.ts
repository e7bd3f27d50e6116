import pg from 'pg';
import type { Pool } from '../database/db.ts';

/** A role that waits to be dropped, and its number of failed attempts. */
export type RoleToDrop = { login: string; attempts: number };

/** Roles of ended logins that are due, longest waiting first. */
export async function rolesToDrop(pool: Pool): Promise<RoleToDrop[]> {
  const { rows } = await pool.query<RoleToDrop>(
    'select login, attempts from private.roles_to_drop where due_at <= now() order by due_at',
  );
  return rows;
}

/**
 * Records that a role could not be dropped, and schedules the next attempt: after 30 seconds, doubled each time, at most one
 * hour.
 */
export async function postponeDrop(pool: Pool, login: string, error: string): Promise<void> {
  await pool.query(
    `update private.roles_to_drop
     set attempts = attempts + 1, error = $2, due_at = now() + least(interval '1 hour', interval '30 seconds' * 2 ^ least(attempts, 10))
     where login = $1`,
    [login, error],
  );
}

const MAX_STEPS = 10;

/**
 * Drops the role of an ended login, with its objects in every database of the server. Throws if it cannot. `pool` belongs to the
 * login mirante_jobs, acting as the owner.
 */
export async function dropRole(pool: Pool, login: string): Promise<void> {
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    const { rows } = await pool.query<{ over: boolean }>('select door.drop_sql_login($1) as over', [login]);
    if (!rows[0]?.over) continue;
    const others = await databasesOf(pool, login);
    if (others.length === 0) return;
    await pool.query('select door.lend_login($1)', [login]);
    for (const database of others) await dropOwned(pool, database, login);
  }
  throw new Error(`New sessions or objects of ${login} keep appearing. Try again.`);
}

// Other databases that contain objects of a role.
async function databasesOf(pool: Pool, login: string): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select distinct d.datname as name
     from pg_shdepend s join pg_database d on d.oid = s.dbid join pg_roles r on r.oid = s.refobjid
     where s.refclassid = 'pg_authid'::regclass and r.rolname = $1 and d.datname <> current_database()`,
    [login],
  );
  return rows.map(({ name }) => name);
}

async function dropOwned({ options }: Pool, database: string, login: string): Promise<void> {
  const url = new URL(options.connectionString as string);
  url.pathname = `/${encodeURIComponent(database)}`;
  const client = new pg.Client({
    connectionString: url.toString(),
    application_name: 'mirante end login',
    statement_timeout: 30_000,
    lock_timeout: 5_000,
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const role = pg.escapeIdentifier(login);
    await client.query(`set role ${role}; drop owned by ${role}`);
  } catch (error) {
    throw new Error(
      `${login} owns something in the database ${database}: ${(error as Error).message}. docs/security.md says how a superuser drops it.`,
      { cause: error },
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}
