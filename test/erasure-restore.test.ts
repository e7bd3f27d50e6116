import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { archive as archiveCommand } from '../cli/commands/archive.ts';
import { backup } from '../cli/commands/backup.ts';
import { restore } from '../cli/commands/restore.ts';
import { runRetention } from '../jobs/archive/run-retention.ts';
import { servePrivacyRequests } from '../jobs/privacy/serve-requests.ts';
import { environmentWith, readConfig } from '../lib/config.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../lib/embedded-postgres.ts';
import { openObjectStore } from '../lib/open-object-store.ts';
import { openArchive } from '../sql/archive/home.ts';
import { migrate } from '../sql/database/migrate.ts';
import { useApi } from './support/api.ts';
import { fillDays, RETENTION } from './support/archived-events.ts';
import { makeTenant, openDatabase, testSecret } from './support/harness.ts';

const SMALL = { settings: { shared_buffers: '16MB' } };

let folder: string;
let running: EmbeddedPostgres | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mirante-erasure-restore-'));
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

// All files below a folder that contain a text.
function filesWith(path: string, text: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(text));
}

test('a restore of an older backup repeats the erasures since, archive included, and is refused without the ledger', async () => {
  const data = join(folder, 'data');
  running = await startEmbeddedPostgres(data, SMALL);
  await migrate(running.url, testSecret);
  const db = openDatabase(running.url, 'postgresql');
  const objects = openObjectStore(settings('data'));
  const jobs = {
    pool: db.jobs,
    engine: db.engine,
    log: pino({ level: 'silent' }),
    clock: () => new Date(),
    objects,
    archive: openArchive(settings('data'), objects),
    secret: testSecret,
  };
  const api = await useApi(db, { MIRANTE_DATA_DIR: data });
  const tenant = await makeTenant(db);
  const who = 'ana-maria-do-ledger@example.com';
  const time = new Date(Date.now() - 3600_000).toISOString();
  const sent = [who, 'bo'].map((subject, n) => ({ id: String(n), type: 'seen.v1', time, subject, data: { n } }));
  const type = { schema: {}, mode: 'observe', subject: 'plain' };
  expect((await api.call('PUT', '/v1/event-types/seen.v1', tenant.keys.tenant_admin, type)).status).toBe(201);
  expect((await api.call('POST', '/v1/events', tenant.keys.ingest, sent)).body).toMatchObject({ accepted: 2 });
  await fillDays(db, tenant.id, { from: 60, to: 57, count: 4 });
  const old = await db.owner.query(
    "update private.events set subject = $2 where tenant_id = $1 and time < now() - interval '40 days' and type like 'ü%'",
    [tenant.id, who],
  );
  await runRetention({ ...jobs, config: RETENTION });
  await servePrivacyRequests(jobs);
  const before = join(folder, 'elsewhere', 'before');
  await backup(['--to', before], settings('data'));
  expect(filesWith(join(before, 'postgres'), who).length).toBeGreaterThan(0);

  const asked = await api.call('POST', '/v1/privacy/requests', tenant.keys.tenant_admin, { kind: 'erasure', subject: who });
  await servePrivacyRequests(jobs);
  const url = `/v1/privacy/requests/${asked.body.id}`;
  const { certificate } = (await api.call('GET', url, tenant.keys.tenant_admin)).body;
  expect(certificate.removed).toMatchObject({ events: 1, archive: old.rowCount });
  // Pages of a later copy have neither the rows nor what was left of them in free space. The WAL still has them.
  const after = join(folder, 'after');
  await backup(['--to', after], settings('data'));
  expect(filesWith(join(after, 'postgres', 'base'), who)).toEqual([]);
  objects.close();
  await db.end();
  await running.stop();
  running = undefined;

  // On another machine there is only the backup, and no ledger that is newer.
  rmSync(join(folder, 'elsewhere', 'erasure-ledger'), { recursive: true });
  await expect(restore([before], settings('other'))).rejects.toThrow(/no erasure ledger.*--without-ledger/);
  expect(existsSync(join(folder, 'other', 'database-password'))).toBe(false);
  const said = await restore([before, '--ledger', join(data, 'objects')], settings('other'));
  expect(said).toMatch(new RegExp(`Repeated: erasures 1 \\(records ${(old.rowCount ?? 0) + 1}\\)`));
  running = await startEmbeddedPostgres(join(folder, 'other'), SMALL);
  const restored = openDatabase(running.url, 'postgresql');
  const left = await restored.owner.query('select subject from private.events where tenant_id = $1 and type = $2', [
    tenant.id,
    'seen.v1',
  ]);
  expect(left.rows).toEqual([{ subject: 'bo' }]);
  expect(filesWith(join(folder, 'other', 'objects', 'erasure-ledger'), '"kind":"erasure"')).toHaveLength(1);

  // The store of the archive is older than the database: what it brings back is removed again.
  const lines: string[] = [];
  const config = readConfig(environmentWith({ ...settings('other'), DATABASE_URL: running.url, RAW_RETENTION_DAYS: '30' }));
  const range = ['--tenant', tenant.id, '--from', '2020-01-01', '--to', '2099-01-01'];
  expect(await archiveCommand(['restore', ...range], config, (line) => lines.push(line))).toBe(0);
  expect(lines[0]).toContain('0 of them unknown');
  await restored.end();
}, 240_000);
