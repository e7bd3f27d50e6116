import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { applyMigrations, connect } from '@databases/pg-migrations';
import { runMigrations as migrateQueues } from 'bullmq';
import pg from 'pg';
import { makePartitions } from '../archive/retention.ts';
import { type Engine, loadStorage, prepareEngine } from '../storage/engine.ts';
import { mendZones } from '../tenants/mend-zones.ts';
import { withBriefLocks } from './brief-locks.ts';
import { type Client, createPool } from './db.ts';
import { LOAD_ORDER } from './order.ts';
import { makeRoles } from './roles.ts';

const MIGRATE_LOCK = 7_046_011;
const WAIT_MS = 250;

/** Raw retention plus a week, so that a database that was down for months accepts events before its first job has run. */
const DEFAULT_PAST_DAYS = 97;

/**
 * Brings a database up to this version: roles, storage functions of its engine, migrations, views, queue schema. Safe to run
 * again and from several programs at once. The login needs CREATEROLE and must own the database; it need not be a superuser.
 * Returns the engine it found. Calls `say` with a sentence for each change to what tenants have set.
 */
export async function migrate(
  databaseUrl: string,
  secret: string,
  say: (line: string) => void = () => undefined,
): Promise<Engine> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'mirante migrate' });
  await client.connect();
  try {
    await waitForOthers(client);
    await client.query("set client_min_messages = 'warning'; set timezone = 'UTC'");
    const engine = await prepareEngine(client);
    await makeRoles(client, secret);
    await asRole(client, 'mirante_owner', () => loadStorage(client, engine));
    await runFiles(databaseUrl, client);
    await withoutQueues(databaseUrl);
    await asRole(client, 'mirante_owner', async () => {
      for (const line of await mendZones(client)) say(line);
    });
    await migrateQueueSchema(client);
    return engine;
  } finally {
    await client.end();
  }
}

// Every login of the database can take advisory locks. A customer's session that holds one would keep the platform from starting.
async function waitForOthers(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ taken: boolean; able: boolean }>(
      `select pg_try_advisory_lock($1) as taken, to_regprocedure('door.end_session(integer,text)') is not null as able`,
      [MIGRATE_LOCK],
    );
    if (rows[0]?.taken) return;
    if (rows[0]?.able)
      await client.query('select door.end_session(pid, login) from door.login_sessions() where has_advisory_lock');
    await setTimeout(WAIT_MS);
  }
}

async function asRole(client: pg.Client, role: string, work: () => Promise<unknown>): Promise<void> {
  await client.query(`set role ${role}`);
  await work();
  await client.query('reset role; reset search_path');
}

// BullMQ's migrator insists on `create schema if not exists`, so its owner may create schemas while it runs.
async function migrateQueueSchema(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>('select quote_ident(current_database()) as name');
  const database = rows[0]?.name;
  await client.query(`grant create on database ${database} to mirante_queue`);
  await asRole(client, 'mirante_queue', () => migrateQueues(client, 'bullmq'));
  await client.query(`revoke create on database ${database} from mirante_queue`);
}

async function runFiles(databaseUrl: string, client: pg.Client): Promise<void> {
  // The tool parses a URL in its own way and would accept any certificate if no sslrootcert is given. So pg's parsed TLS options
  // are used.
  const tls = client.ssl as boolean | ConnectionOptions;
  const connection = connect({
    connectionString: databaseUrl,
    ssl: tls === true ? {} : tls,
    bigIntMode: 'number',
    schema: ['storage', 'public'],
    applicationName: 'mirante migrate',
  });
  try {
    await applyMigrations({
      connection,
      migrationsDirectory: fileURLToPath(new URL('../migrations', import.meta.url)),
      appliedMigrationsTableName: 'migrations.applied',
      versionTableName: 'migrations.version',
    });
  } finally {
    await connection.dispose();
  }
}

// The steps that need exclusive locks. A customer's long read could otherwise make the whole platform wait behind them.
async function withoutQueues(databaseUrl: string): Promise<void> {
  const pool = createPool(databaseUrl, { max: 2, name: 'mirante migrate', statementTimeoutMs: 600_000 });
  try {
    await withBriefLocks(pool, async (client) => {
      await client.query('set local role mirante_owner');
      await makePartitions(client, DEFAULT_PAST_DAYS);
    });
    await withBriefLocks(pool, rebuildViews);
  } finally {
    await pool.end();
  }
}

async function rebuildViews(client: Client): Promise<void> {
  await client.query("set local client_min_messages = 'warning'");
  for (const file of LOAD_ORDER) await client.query(await readFile(new URL(`../${file}`, import.meta.url), 'utf8'));
}
