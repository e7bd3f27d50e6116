import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { inject } from 'vitest';
import { type Client, createPool, type Pool, withTenant } from '../../sql/database/db.ts';
import { roleUrl } from '../../sql/database/roles.ts';
import type { Engine } from '../../sql/storage/engine.ts';
import { revokeSqlLogin } from '../../sql/tenants/sql-logins.ts';
import {
  createKey,
  createOperatorKey,
  createTenant,
  type NewTenant,
  type Scope,
  type Tenant,
} from '../../sql/tenants/tenants.ts';
import { cleanUp } from './clean-up.ts';
import { installedPrograms } from './cluster.ts';
import { databaseUrl, testSecret } from './template.ts';

export { testSecret };

export type TestDatabase = {
  /** The migrator's URL. */
  url: string;
  engine: Engine;
  urls: { api: string; jobs: string; queue: string; metabase: string; ops: string };
  migrator: Pool;
  /** Acts as mirante_owner and sees the rows of all tenants: the truth that tests compare with. */
  owner: Pool;
  api: Pool;
  /** As the jobs connect: the login mirante_jobs, acting as mirante_owner. */
  jobs: Pool;
  /** Runs functions of bi, each with a grant. */
  metabase: Pool;
  ops: Pool;
  drop: () => Promise<void>;
};

/** Clones the template: a migrated database for the caller alone. */
export async function useDatabase(): Promise<TestDatabase> {
  const name = `${inject('template')}_${randomBytes(4).toString('hex')}`;
  await onServer((client) => clone(client, name));
  const { end, ...opened } = openDatabase(databaseUrl(inject('serverUrl'), name), inject('engine'));
  const drop = cleanUp(async () => {
    await endSqlLogins(opened);
    await end();
    await dropDatabase(name);
  });
  return { ...opened, drop };
}

/** Connects to a migrated database by the migrator's URL. The caller must end the connections. */
export function openDatabase(url: string, engine: Engine): Omit<TestDatabase, 'drop'> & { end: () => Promise<void> } {
  const urls = {
    api: roleUrl(url, testSecret, 'mirante_api'),
    jobs: roleUrl(url, testSecret, 'mirante_jobs'),
    queue: roleUrl(url, testSecret, 'mirante_queue'),
    metabase: roleUrl(url, testSecret, 'mirante_metabase'),
    ops: roleUrl(url, testSecret, 'mirante_ops'),
  };
  const pools = {
    migrator: createPool(url, { max: 3, name: 'test migrator' }),
    owner: createPool(url, { max: 5, name: 'test owner', role: 'mirante_owner' }),
    api: createPool(urls.api, { max: 10, name: 'test api' }),
    jobs: createPool(urls.jobs, { max: 5, name: 'test jobs', role: 'mirante_owner' }),
    metabase: createPool(urls.metabase, { max: 3, name: 'test metabase' }),
    ops: createPool(urls.ops, { max: 3, name: 'test ops' }),
  };
  const end = async () => {
    for (const pool of Object.values(pools)) await pool.end();
  };
  return { url, engine, urls, ...pools, end };
}

// Roles belong to the server and would remain after the database is dropped.
async function endSqlLogins({ owner, api }: Pick<TestDatabase, 'owner' | 'api'>): Promise<void> {
  const { rows } = await owner.query<{ id: string; tenant_id: string }>(
    'select id, tenant_id from private.sql_logins where ended_at is null',
  );
  for (const { id, tenant_id } of rows) await revokeSqlLogin(api, tenant_id, id, 'login');
}

/** An empty database of the same server, for tests of migrations. */
export async function useEmptyDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `${inject('template')}_${randomBytes(4).toString('hex')}`;
  await onServer((client) => client.query(`create database ${name}`));
  return { url: databaseUrl(inject('serverUrl'), name), drop: cleanUp(() => dropDatabase(name)) };
}

// A clone does not copy rights on the database, so they are granted again.
async function clone(client: pg.Client, name: string): Promise<void> {
  const template = inject('template');
  // Copies files, which is five times as fast as the write-ahead log if nothing waits for the disk.
  await client.query(`create database ${name} template ${template} strategy file_copy`);
  const { rows } = await client.query<{ role: string; right: string }>(
    `select grantee::regrole::text as role, privilege_type as right
     from pg_database, aclexplode(datacl) where datname = $1 and grantee not in (0, datdba)`,
    [template],
  );
  await client.query(`revoke all on database ${name} from public`);
  for (const { role, right } of rows) await client.query(`grant ${right} on database ${name} to ${role}`);
}

// Without force, which also ends autovacuum's worker and fails if the migrator is no superuser. A plain drop asks the worker
// to stop, and waits for connections that are closing.
async function dropDatabase(name: string): Promise<void> {
  await onServer((client) => client.query(`drop database ${name}`));
}

async function onServer<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: inject('serverUrl') });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const KEYS = {
  ingest: ['ingest'],
  read: ['read'],
  export: ['export'],
  embed: ['embed'],
  tenant_admin: ['tenant-admin'],
} as const satisfies Record<string, Scope[]>;

export type KeyName = keyof typeof KEYS;
export type TestTenant = Tenant & { keys: Record<KeyName, string>; keyIds: Record<KeyName, string> };

/** Creates a tenant with one key for each scope of a customer. */
export async function makeTenant(db: Pick<TestDatabase, 'api'>, overrides: Partial<NewTenant> = {}): Promise<TestTenant> {
  const slug = `t-${randomBytes(5).toString('hex')}`;
  const input = { slug, name: `Tenant ${slug}`, ...overrides };
  const tenant = await withTenant(db.api, uuidv7(), (client) => createTenant(client, input), 'login');
  if (!tenant) throw new Error(`The slug ${overrides.slug} is taken in this test's database.`);
  const keys = {} as Record<KeyName, string>;
  const keyIds = {} as Record<KeyName, string>;
  const makeKeys = async (client: Client) => {
    for (const name of Object.keys(KEYS) as KeyName[]) {
      const made = await createKey(client, tenant.id, { name, scopes: [...KEYS[name]] });
      keys[name] = made.key;
      keyIds[name] = made.id;
    }
  };
  await withTenant(db.api, tenant.id, makeKeys, 'login');
  return { ...tenant, keys, keyIds };
}

/** Creates a key of the platform's operator. */
export async function makeOperatorKey(db: Pick<TestDatabase, 'api'>): Promise<string> {
  return createOperatorKey(db.api);
}

/** Redis for tests, if TEST_REDIS_URL names one. */
export const redisUrl = (): string | undefined => inject('redisUrl');

const ABSENT = {
  redis: 'Skipped: tests that need Redis; set TEST_REDIS_URL=redis://127.0.0.1:6379 to run them.',
  'redis-server': 'Skipped: a restart of Redis; install the package redis-server to try it.',
  tmpfs: 'Skipped: a full disk; needs root on Linux, which may mount one of a mebibyte.',
  openssl:
    'Skipped: encrypted connections to PostgreSQL and Redis; install openssl, which makes their certificates, to try them.',
  curl: 'Skipped: the commands of docs/tutorial.md; install curl to run them.',
  chromium: 'Skipped: tests that need Chromium; install the package chromium to run them.',
  'metabase-openapi':
    'Skipped: requests to Metabase are not held against its OpenAPI document; ../shared/data/metabase-openapi-subset.json is not beside this checkout.',
  'pg-dump':
    'Skipped: backup and restore with pg_dump; install PostgreSQL with its client programs, or set PG_BIN_DIR to those of the server that is tested (on TimescaleDB TEST_SUPERUSER_URL too).',
  'nova-log': 'Skipped: tests that need ../shared/data/openstack-nova-api.log, which is not beside this checkout.',
  'markr-sample': 'Skipped: tests that need ../shared/data/markr-sample-results.xml, which is not beside this checkout.',
} as const;

/**
 * Finds something that not every machine has. Returns where it is, or undefined; the run then ends with a line that says
 * what was skipped. For `test.skipIf(!need('redis'))`.
 */
export function need(thing: keyof typeof ABSENT): string | undefined {
  const found = {
    redis: redisUrl,
    'redis-server': () => ['/usr/bin/redis-server', '/usr/local/bin/redis-server'].find(existsSync),
    tmpfs: mayMount,
    openssl: () => ['/usr/bin/openssl', '/usr/local/bin/openssl', '/opt/homebrew/bin/openssl'].find(existsSync),
    curl: () => ['/usr/bin/curl', '/usr/local/bin/curl', '/opt/homebrew/bin/curl'].find(existsSync),
    chromium: () => ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync),
    'metabase-openapi': () =>
      [fileURLToPath(new URL('../../../shared/data/metabase-openapi-subset.json', import.meta.url))].find(existsSync),
    'pg-dump': dumpingServer,
    'markr-sample': () =>
      [fileURLToPath(new URL('../../../shared/data/markr-sample-results.xml', import.meta.url))].find(existsSync),
    'nova-log': () => [fileURLToPath(new URL('../../../shared/data/openstack-nova-api.log', import.meta.url))].find(existsSync),
  }[thing]();
  if (!found) appendFileSync(inject('absences'), `${ABSENT[thing]}\n`);
  return found;
}

// Tried in practice, because root in a container often lacks the right.
function mayMount(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'mirante-mount-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]).status === 0;
  if (mounted) spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true });
  return mounted ? folder : undefined;
}

// The tested server with programs of its version, or an installed PostgreSQL.
function dumpingServer(): string | undefined {
  const { folder } = inject('programs');
  if (!inject('isOwnServer'))
    return folder && (inject('superuserUrl') ?? (inject('engine') === 'postgresql' ? folder : undefined));
  return installedPrograms();
}

/** Counts attacks and the foreign rows that they found. The run ends with a line of totals. */
export function tally(tried: number, foreignRows: number): void {
  appendFileSync(inject('tally'), `${tried} ${foreignRows}\n`);
}
