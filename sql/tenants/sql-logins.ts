import { randomBytes, randomInt } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { type Actor, type Client, type Pool, withTenant } from '../database/db.ts';
import { scramVerifier } from '../database/roles.ts';

export type SqlLogin = {
  id: string;
  login: string;
  name: string;
  connection_limit: number;
  statement_timeout_seconds: number;
  created_at: Date;
  expires_at: Date | null;
  revoked_at: Date | null;
  ended_at: Date | null;
};

export type NewSqlLogin = Pick<SqlLogin, 'name' | 'connection_limit' | 'statement_timeout_seconds' | 'expires_at'>;

/** Where a PostgreSQL client finds the database: the same as for this pool. */
export type LoginPlace = { host: string; port: number; database: string };

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/**
 * Creates a PostgreSQL login that reads the views of one tenant. The password is returned once, here; the database gets only its
 * verifier. Logins belong to the whole server, so their names are random. If the tenant or all tenants together would exceed
 * their sessions, creates none and returns how many sessions are left.
 */
export async function createSqlLogin(
  pool: Pool,
  tenantId: string,
  input: NewSqlLogin,
  actor: Actor | 'login',
): Promise<(Pick<SqlLogin, 'id' | 'login'> & { password: string } & LoginPlace) | { sessionsLeft: number }> {
  const id = uuidv7();
  const login = `mirante_sql_${Array.from({ length: 16 }, () => LETTERS[randomInt(LETTERS.length)]).join('')}`;
  const password = randomBytes(24).toString('base64url');
  const values = [
    id,
    tenantId,
    login,
    input.name,
    scramVerifier(password, randomBytes(16)),
    input.connection_limit,
    input.statement_timeout_seconds,
    input.expires_at,
  ];
  const text = 'select door.create_sql_login($1, $2, $3, $4, $5, $6, $7, $8) as left';
  const make = (client: Client) => client.query<{ left: number | null }>(text, values);
  const { rows } = await withTenant(pool, tenantId, make, actor);
  const sessionsLeft = rows[0]?.left ?? null;
  if (sessionsLeft !== null) return { sessionsLeft };
  return { id, login, password, ...placeOf(pool) };
}

/**
 * Whether this version of TimescaleDB lets every login drop any chunk, which only a superuser can revoke: 2.19.3 does, 2.29.2
 * does not. docs/security.md says what to do about it.
 */
export async function anyLoginMayDrop(pool: Pool): Promise<boolean> {
  const { rows } = await pool.query<{ may: boolean }>(
    `select exists (select from pg_extension e, pg_proc p
         where e.extname = 'timescaledb' and (string_to_array(split_part(e.extversion, '-', 1), '.')::int[])[1:2] <= '{2,19}'
             and p.pronamespace::regnamespace::text = '_timescaledb_functions' and p.proname = 'drop_chunk'
             and has_function_privilege('mirante_sql', p.oid, 'execute')) as may`,
  );
  return rows[0]?.may ?? false;
}

/** Where this pool's database is. */
function placeOf({ options }: Pool): LoginPlace {
  const { hostname, port, pathname } = new URL(options.connectionString as string);
  return { host: hostname, port: Number(port || 5432), database: decodeURIComponent(pathname.slice(1)) };
}

export async function listSqlLogins(
  pool: Pool,
  tenantId: string,
  after: string | undefined,
  limit: number,
): Promise<SqlLogin[]> {
  const result = await pool.query<SqlLogin>(
    `select id, login, name, connection_limit, statement_timeout_seconds, created_at, expires_at, revoked_at, ended_at
     from door.sql_logins($1, $2, $3)`,
    [tenantId, after ?? null, limit],
  );
  return result.rows;
}

/** Maximum steps to end a login whose sessions resist. */
const MAX_STEPS = 10;

/**
 * Ends a login. The first step commits that it can read nothing and that its role must be dropped; the next ones lock it out, end
 * its sessions and drop the role. The next call or the jobs repeat a failed step. Returns false if the tenant has no such login.
 * Throws if sessions are left after MAX_STEPS.
 */
export async function revokeSqlLogin(pool: Pool, tenantId: string, id: string, actor: Actor | 'login'): Promise<boolean> {
  const text = 'select door.revoke_sql_login($1, $2) as done';
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    const step = (client: Client) => client.query<{ done: boolean | null }>(text, [tenantId, id]);
    const { rows } = await withTenant(pool, tenantId, step, actor);
    const done = rows[0]?.done ?? null;
    if (done !== false) return done !== null;
  }
  throw new Error('The login can no longer read, but its sessions have not ended. The jobs will retry.');
}
