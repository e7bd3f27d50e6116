import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';

const SMALL = { settings: { fsync: 'off', shared_buffers: '16MB' } };

let folder: string;
let running: EmbeddedPostgres[];

beforeEach(() => {
  // mkdtemp creates a folder that only its owner can enter: the hard case if the server runs as another account.
  folder = mkdtempSync(join(tmpdir(), 'mirante-embedded-'));
  running = [];
});
afterEach(async () => {
  for (const server of running) await server.stop();
  const note = join(folder, 'postgres-home');
  if (existsSync(note)) rmSync(readFileSync(note, 'utf8').trim(), { recursive: true });
  rmSync(folder, { recursive: true });
});

async function start(): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres(folder, SMALL);
  running.push(server);
  return server;
}

async function query(server: EmbeddedPostgres, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

test('rows survive a stop and a start', async () => {
  const first = await start();
  await query(first, 'create table kept as select 42 as answer');
  await first.stop();
  const second = await start();
  expect(await query(second, 'select answer from kept')).toEqual([{ answer: 42 }]);
});

test('the next server takes over the data from one that a killed program left running', async () => {
  const left = await start();
  await query(left, 'create table kept as select 43 as answer');
  const next = await start();
  expect(next.pid).not.toBe(left.pid);
  expect(await query(next, 'select answer from kept')).toEqual([{ answer: 43 }]);
});

test('a server killed in the middle of its work recovers what it committed', async () => {
  const first = await start();
  await query(first, 'create table kept as select 44 as answer');
  process.kill(first.pid, 'SIGKILL');
  await first.stop();
  const second = await start();
  expect(await query(second, 'select answer from kept')).toEqual([{ answer: 44 }]);
});

test('after a restore killed between two steps, no empty database replaces the data', async () => {
  const first = await start();
  await query(first, 'create table kept as select 45 as answer');
  await first.stop();
  const data = join(first.home, 'postgres');
  renameSync(data, `${data}.replaced-1`);
  const password = readFileSync(join(folder, 'database-password'), 'utf8');
  await expect(start()).rejects.toThrow(`A restore was interrupted: ${data}.replaced-1 contains the former content of ${data}`);
  expect(readFileSync(join(folder, 'database-password'), 'utf8')).toBe(password);
  renameSync(`${data}.replaced-1`, data);
  expect(await query(await start(), 'select answer from kept')).toEqual([{ answer: 45 }]);
  expect(readFileSync(join(folder, 'postgres.log'), 'utf8').match(/starting PostgreSQL/g)).toHaveLength(2);
});

test('it listens on the loopback interface only and requires a password', async () => {
  const server = await start();
  const settings = await query(
    server,
    "select setting from pg_settings where name in ('listen_addresses', 'unix_socket_directories')",
  );
  expect(settings).toEqual([{ setting: '127.0.0.1' }, { setting: '' }]);
  const url = new URL(server.url);
  url.password = 'wrong';
  await expect(query({ ...server, url: url.toString() }, 'select 1')).rejects.toMatchObject({ code: '28P01' });
});
