import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { archive } from '../cli/commands/archive.ts';
import { verifyAudit } from '../cli/commands/audit.ts';
import { backup } from '../cli/commands/backup.ts';
import { restore } from '../cli/commands/restore.ts';
import { environmentWith, readConfig } from '../lib/config.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../lib/embedded-postgres.ts';
import { readManifest } from '../sql/backup/manifest.ts';
import { migrate } from '../sql/database/migrate.ts';
import { answersOf, fillEverything, leaveExports, leftExports, pictureOf } from './support/everything.ts';
import { openDatabase, type TestTenant, testSecret } from './support/harness.ts';

const SMALL = { settings: { shared_buffers: '16MB' } };

let folder: string;
let running: EmbeddedPostgres | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mirante-embedded-backup-'));
});
afterEach(async () => {
  await running?.stop();
  for (const name of ['data', 'other']) {
    const note = join(folder, name, 'postgres-home');
    if (existsSync(note)) rmSync(readFileSync(note, 'utf8').trim(), { recursive: true, force: true });
  }
  rmSync(folder, { recursive: true, force: true });
});

const settings = (name: string) => ({
  MIRANTE_DATA_DIR: join(folder, name),
  MIRANTE_SECRET: testSecret,
  DATABASE_URL: undefined,
  BACKUP_DATABASE_URL: undefined,
  OBJECT_STORE_URL: undefined,
  PG_BIN_DIR: undefined,
});

async function start(name: string): Promise<EmbeddedPostgres> {
  running = await startEmbeddedPostgres(join(folder, name), SMALL);
  return running;
}

async function stop(): Promise<void> {
  await running?.stop();
  running = undefined;
}

test('a copy of a running embedded server under writes restores every row, roll-up and answer', async () => {
  const server = await start('data');
  await migrate(server.url, testSecret);
  const db = openDatabase(server.url, 'postgresql');
  const tenants = await fillEverything(db, join(folder, 'data'));
  const answers = await answersOf(db, join(folder, 'data'), tenants);
  await leaveExports(db, tenants[0] as TestTenant);
  const before = await pictureOf(db, /export_jobs/);
  // Meanwhile a writer inserts into its own table, one row per transaction.
  let writing = true;
  let written = 0;
  const writer = (async () => {
    while (writing) {
      written += 1;
      await db.owner.query('insert into private.settings (name, value) values ($1, $2)', [`row ${written}`, written]);
    }
  })();
  const target = join(folder, 'backup');
  // A running archive run or erasure finishes first.
  const turn = await db.owner.connect();
  await turn.query('begin; lock table storage.archive_turn in exclusive mode');
  const backing = backup(['--to', target], settings('data'));
  const held = () =>
    db.migrator.query("select from pg_locks where not granted and relation = 'storage.archive_turn'::regclass");
  await expect.poll(async () => (await held()).rowCount, { timeout: 20_000 }).toBe(1);
  await turn.query('commit');
  turn.release();
  const said = await backing;
  writing = false;
  await writer;
  expect(said).toContain('MIRANTE_SECRET is not in the backup');
  const [archived] = (await db.owner.query<{ name: string }>("select name from private.archive_files where status = 'live'"))
    .rows;
  renameSync(join(folder, 'data', 'objects', archived?.name ?? ''), join(folder, 'astray'));
  await expect(backup(['--to', join(folder, 'less')], settings('data'))).rejects.toThrow(archived?.name);
  expect(existsSync(join(folder, 'less'))).toBe(false);
  await db.end();
  await stop();
  rmSync(join(folder, 'data'), { recursive: true, force: true });

  expect(await restore([target, '--without-ledger'], settings('other'))).toContain('every row counted');
  const again = await start('other');
  const restored = openDatabase(again.url, 'postgresql');
  expect(await leftExports(restored)).toEqual(['expired', 'failed']);
  const after = await pictureOf(restored, /export_jobs/);
  const { 'private.settings': growing, ...rest } = after;
  const { 'private.settings': _, ...still } = before;
  expect(rest).toEqual(still);
  // The rows of the writer up to some moment during the copy, without a gap.
  const rows = Number(growing?.split(' ')[0]);
  const { rows: last } = await restored.owner.query<{ top: number }>('select max(value) as top from private.settings');
  expect(rows).toBe(last[0]?.top ?? 0);
  expect(rows).toBeGreaterThan(0);
  expect(rows).toBeLessThanOrEqual(written);
  await migrate(again.url, testSecret);
  expect(await answersOf(restored, join(folder, 'other'), tenants)).toEqual(answers);
  await restored.end();
});

test('a backup of a stopped server leaves it stopped; an existing, running or damaged target is never overwritten or used', async () => {
  const server = await start('data');
  await migrate(server.url, testSecret);
  const target = join(folder, 'backup');
  // Every command finds the server by its folder.
  const config = readConfig({ MIRANTE_DATA_DIR: join(folder, 'data'), MIRANTE_SECRET: testSecret });
  expect(await verifyAudit(['verify'], config)).toContain('The audit log');
  const said: string[] = [];
  expect(await archive(['list'], config, (line) => void said.push(line))).toBe(0);
  expect(said).toEqual(['Total: files 0, events 0, 0.0 MB.']);
  const env = environmentWith({ ...settings('data') });
  const mirante = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['--import', 'tsx', 'cli/mirante.ts', ...args], { env, timeout: 60_000 });
  // Without a terminal, no key is created, because nobody would see it.
  await expect(mirante('operator-key')).rejects.toThrow('shown in a terminal only');
  const keyFile = join(folder, 'key');
  expect((await mirante('operator-key', '--to', keyFile)).stdout).toBe(
    `The key is in ${keyFile}, which only its owner can read.\n`,
  );
  expect(statSync(keyFile).mode & 0o777).toBe(0o600);
  const key = readFileSync(keyFile, 'utf8').trim();
  const { api, end } = openDatabase(server.url, 'postgresql');
  expect((await api.query('select from door.authenticate(sha256($1))', [Buffer.from(key)])).rowCount).toBe(1);
  await end();
  await stop();
  await expect(verifyAudit(['verify'], config)).rejects.toThrow('start `npm run up`');
  await backup(['--to', target], settings('data'));
  await expect(backup(['--to', target], settings('data'))).rejects.toThrow('already exists and is not overwritten');
  const manifest = await readManifest(target);
  expect(manifest.rows['migrations.applied']?.[0]).toBeGreaterThan(15);
  expect(manifest.files.some(({ path }) => path.endsWith('secret'))).toBe(false);

  await expect(restore([target, '--without-ledger'], settings('data'))).rejects.toThrow('already has data');
  await start('data');
  await expect(restore([target, '--replace', '--without-ledger'], settings('data'))).rejects.toThrow(
    'Stop Mirante there first',
  );
  await stop();
  expect(await restore([target, '--replace', '--without-ledger'], settings('data'))).toContain(
    'The previous data were moved to',
  );
  await expect(
    restore([target, '--into', 'postgres://nobody@127.0.0.1/x', '--without-ledger'], settings('other')),
  ).rejects.toThrow('MIRANTE_DATA_DIR');

  const file = join(target, 'postgres', 'global', 'pg_control');
  const whole = readFileSync(file);
  whole.writeUInt8(whole.readUInt8(100) ^ 1, 100);
  writeFileSync(file, whole);
  await expect(restore([target, '--without-ledger'], settings('other'))).rejects.toThrow('pg_control');
  await start('data');
});
