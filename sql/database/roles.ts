import { createHash, createHmac, hkdfSync, pbkdf2Sync } from 'node:crypto';
import { type Config, secretOf } from '../../lib/config.ts';
import type { Client } from './db.ts';

const LOGINS = ['mirante_api', 'mirante_jobs', 'mirante_queue', 'mirante_metabase', 'mirante_ops'] as const;
const OWNERS = ['mirante_owner', 'mirante_views'] as const;

/** Grants are the protection. These limits only guard against accidents: a session can change them. */
const READER_SETTINGS = {
  default_transaction_read_only: 'on',
  statement_timeout: '30s',
  idle_in_transaction_session_timeout: '60s',
};

export type Login = (typeof LOGINS)[number];

/** The password of a login: HKDF-SHA-256 of the platform's secret and the role's name (RFC 5869). */
function rolePassword(secret: string, role: Login): string {
  return Buffer.from(hkdfSync('sha256', secret, '', `mirante role ${role}`, 24)).toString('base64url');
}

/** The migrator's URL with another login. All other options stay, such as TLS. */
export function roleUrl(databaseUrl: string, secret: string, role: Login): string {
  const url = new URL(databaseUrl);
  // In the query string they would override the usual place.
  for (const name of ['user', 'password']) url.searchParams.delete(name);
  url.username = role;
  url.password = rolePassword(secret, role);
  return url.toString();
}

const URLS = {
  mirante_api: 'API_DATABASE_URL',
  mirante_jobs: 'JOBS_DATABASE_URL',
  mirante_queue: 'QUEUE_DATABASE_URL',
  mirante_metabase: 'METABASE_DATABASE_URL',
  mirante_ops: 'OPS_DATABASE_URL',
} as const;

/** The URL of a login: its own setting, or DATABASE_URL with that login and its derived password. Throws if neither is set. */
export function loginUrl(config: Config, login: keyof typeof URLS): string {
  const given = config[URLS[login]];
  if (given) return given;
  if (!config.DATABASE_URL) throw new Error(`${URLS[login]} or DATABASE_URL must be set.`);
  return roleUrl(config.DATABASE_URL, secretOf(config), login);
}

/** The SCRAM-SHA-256 verifier that PostgreSQL stores (RFC 5803), so that the password itself is never sent or logged. */
export function scramVerifier(password: string, salt: Buffer): string {
  const salted = pbkdf2Sync(password, salt, 4096, 32, 'sha256');
  const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64');
  const serverKey = hmac(salted, 'Server Key').toString('base64');
  return `SCRAM-SHA-256$4096:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}

/**
 * Creates the roles and schemas that the migrations need; skips those that exist. `what`: 'roles' creates no schemas, because a
 * backup brings its own. Roles belong to the cluster: another of its databases may have created them, or may be creating them
 * now.
 */
export async function makeRoles(client: Client, secret: string, what: 'roles' | 'all' = 'all'): Promise<void> {
  const version = await client.query<{ major: number; database: string; user: string }>(
    `select current_setting('server_version_num')::int / 10000 as major, quote_ident(current_database()) as database,
            quote_ident(current_user) as user`,
  );
  const { major, database, user } = version.rows[0] as { major: number; database: string; user: string };
  // Of all locks, only a unique name spans the databases of a cluster. The second to come waits here until the first has
  // committed.
  await client.query('begin; create role mirante_making_roles');
  for (const role of OWNERS) await makeRole(client, `${role} nologin noinherit`);
  for (const role of LOGINS) await makeRole(client, `${role} login noinherit`);
  // `mirante_logins` creates and drops the logins of customers, each a member of `mirante_sql`.
  for (const role of ['mirante_logins nologin createrole', 'mirante_sql nologin noinherit']) await makeRole(client, role);
  for (const role of LOGINS) {
    const password = rolePassword(secret, role);
    const salt = createHash('sha256').update(`mirante scram ${role} ${password}`).digest().subarray(0, 16);
    await client.query(`alter role ${role} password '${scramVerifier(password, salt)}'`);
  }
  for (const role of ['mirante_metabase', 'mirante_ops']) {
    for (const [name, value] of Object.entries(READER_SETTINGS))
      await client.query(`alter role ${role} set ${name} = '${value}'`);
  }
  // From 16 on, membership alone neither inherits nor allows `set role`; on 15 these options are a syntax error.
  const full = major >= 16 ? 'with inherit true, set true' : '';
  for (const role of [...OWNERS, 'mirante_queue', 'mirante_logins']) await client.query(`grant ${role} to ${user} ${full}`);
  await client.query('grant mirante_sql to mirante_logins with admin option');
  await client.query(`grant mirante_owner to mirante_jobs ${major >= 16 ? 'with inherit false, set true' : ''}`);
  // For the isolation audit, whose errors would fill the server's log. Only a superuser, or a role with the grant option, can
  // grant it.
  await client.query(`do $$ begin
      if has_parameter_privilege('log_min_messages', 'set with grant option') then
        grant set on parameter log_min_messages to mirante_owner;
      end if;
    end $$`);
  // Only a superuser, or a role with the admin option, can grant it. Without it, these logins have no reserved connections.
  if (major >= 16) {
    await client.query(`do $$ begin
      grant pg_use_reserved_connections to ${LOGINS.join(', ')} with inherit true;
    exception when insufficient_privilege then
      raise notice 'no connections are reserved for the platform';
    end $$`);
  }
  await client.query('drop role mirante_making_roles; commit');
  await client.query(`revoke all on database ${database} from public`);
  await client.query(`grant connect on database ${database} to ${LOGINS.join(', ')}, mirante_sql`);
  await client.query('revoke create on schema public from public').catch(ignoreMissingRight);
  // If close-server.sql has restricted them to the database's owner.
  await client.query(`do $$ declare lock regprocedure; begin
      for lock in
          select p.oid from pg_proc p
          where p.pronamespace = 'pg_catalog'::regnamespace and p.proname ~ '^pg_(try_)?advisory_'
              and not has_function_privilege('mirante_queue', p.oid, 'execute')
      loop
          execute format('grant execute on function %s to mirante_queue', lock);
      end loop;
    end $$`);
  if (what === 'roles') return;
  await client.query(`
    create schema if not exists private authorization mirante_owner;
    create schema if not exists storage authorization mirante_owner;
    create schema if not exists limits authorization mirante_owner;
    create schema if not exists bullmq authorization mirante_queue;
    create schema if not exists migrations;`);
}

async function makeRole(client: Client, definition: string): Promise<void> {
  await client.query(`do $$ begin
      create role ${definition};
    exception when duplicate_object or unique_violation then
      raise notice 'a role exists already: %', '${definition}';
    end $$`);
}

// The public schema may belong to another role, such as a managed service's administrator. From 15 on, nobody can create there by
// default.
function ignoreMissingRight(error: { code?: string }): void {
  if (error.code !== '42501') throw error;
}
