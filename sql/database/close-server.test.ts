import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openQueue } from '../../jobs/queues.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../lib/embedded-postgres.ts';
import { makeTenant, openDatabase, testSecret } from '../../test/support/harness.ts';
import { databaseUrl } from '../../test/support/template.ts';
import { createSqlLogin, revokeSqlLogin } from '../tenants/sql-logins.ts';
import { closeServer } from './close-server.ts';
import { migrate } from './migrate.ts';

const SETTINGS = { fsync: 'off', shared_buffers: '16MB', max_connections: '60', reserved_connections: '20' };

let folder: string;
let server: EmbeddedPostgres;
let db: ReturnType<typeof openDatabase>;
let login: { id: string; login: string; password: string };
let tenantId: string;
const open: pg.Client[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mirante-closed-'));
  chmodSync(folder, 0o755);
  server = await startEmbeddedPostgres(folder, { settings: SETTINGS });
  const engine = await migrate(server.url, testSecret);
  db = openDatabase(server.url, engine);
  tenantId = (await makeTenant(db)).id;
  const input = { name: 'bi', connection_limit: 2, statement_timeout_seconds: 30, expires_at: null };
  login = (await createSqlLogin(db.api, tenantId, input, 'login')) as typeof login;
});
afterAll(async () => {
  await Promise.all(open.map((client) => client.end()));
  await db.end();
  await server.stop();
  const note = join(folder, 'postgres-home');
  if (existsSync(note)) rmSync(readFileSync(note, 'utf8').trim(), { recursive: true });
  rmSync(folder, { recursive: true });
});

async function connect(database: string, url = new URL(server.url)): Promise<pg.Client> {
  url.username = login.login;
  url.password = login.password;
  const client = new pg.Client({ connectionString: databaseUrl(url.toString(), database) });
  client.on('error', () => undefined);
  await client.connect();
  open.push(client);
  return client;
}

test('customer logins can connect to Mirante’s database only, also on databases created later', async () => {
  for (const database of ['postgres', 'template1']) {
    const before = await connect(database);
    await before.query('set default_transaction_read_only = off');
    await before.query('select lo_create(0); alter default privileges grant select on tables to public');
    await before.end();
  }
  await closeServer(server.url);
  await closeServer(server.url);
  await db.migrator.query('create database later');
  for (const database of ['postgres', 'template1', 'later']) {
    // The server applies new rules shortly after the reload signal.
    await vi.waitFor(() => expect(connect(database)).rejects.toMatchObject({ code: '28000' }), 10_000);
  }
  const client = await connect('mirante');
  await client.query('set default_transaction_read_only = off');
  for (const make of ['lo_create(0)', 'lo_creat(0)', `lo_from_bytea(0, 'x')`, 'pg_advisory_lock(7046011)']) {
    await expect(client.query(`select ${make}`)).rejects.toMatchObject({ code: '42501' });
  }
  await client.end();
});

test('a closed server can be migrated, and its queues work', async () => {
  await migrate(server.url, testSecret);
  const queue = openQueue({ queueDatabaseUrl: db.urls.queue }, 'upkeep', pino({ level: 'silent' }));
  try {
    const { id } = await queue.add('heartbeat', {});
    expect((await queue.getJob(id as string))?.name).toBe('heartbeat');
  } finally {
    await queue.close();
  }
});

test('the last connections are reserved for the platform', async () => {
  await db.migrator.query(`alter role ${login.login} connection limit 1000`);
  const refused = vi.fn();
  await vi.waitFor(async () => {
    await connect('mirante').catch((error: { code?: string }) => refused(error.code));
    expect(refused).toHaveBeenCalledWith('53300');
  }, 20_000);
  for (const url of Object.values(db.urls)) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.end();
  }
});

test('objects that a login left in other databases are dropped, and so is the login once it is ended', async () => {
  expect(await revokeSqlLogin(db.api, tenantId, login.id, 'login')).toBe(true);
  expect((await db.migrator.query('select from pg_roles where rolname = $1', [login.login])).rowCount).toBe(0);
});
