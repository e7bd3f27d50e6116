import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { listObjectives } from '../../api/objectives/objectives.ts';
import { startEmbeddedPostgres } from '../../lib/embedded-postgres.ts';
import { lockFolder } from '../../lib/folder-lock.ts';
import { migrate } from '../../sql/database/migrate.ts';
import { fillEverything } from '../../test/support/everything.ts';
import { need, openDatabase, testSecret } from '../../test/support/harness.ts';
import { clientFolder, restorer, usePlace } from '../../test/support/places.ts';
import { measureObjectives } from './measure-objectives.ts';
import { type DrillDeps, runRestoreDrill } from './restore-drill.ts';

const there = need('pg-dump');
const log = pino({ level: 'silent' });
const costs = { STORAGE_USD_PER_GB_MONTH: 0.08, RAW_RETENTION_DAYS: 90, AGGREGATE_RETENTION_DAYS: 730 };
const DAY_MS = 86_400_000;

let folder: string;
let db: ReturnType<typeof openDatabase>;
let stop: (() => Promise<void>) | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mirante-drill-'));
});
afterEach(async () => {
  await db.end();
  await stop?.();
  stop = undefined;
  const note = join(folder, 'postgres-home');
  if (existsSync(note)) rmSync(readFileSync(note, 'utf8').trim(), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
});

const depsOf = (config: Partial<DrillDeps['config']> = {}, days = 2): DrillDeps => ({
  pool: db.jobs,
  log,
  clock: () => new Date(Date.now() + days * DAY_MS),
  secret: testSecret,
  logins: { api: db.urls.api },
  config: { MIRANTE_DATA_DIR: folder, ...config },
});

async function drills() {
  const { rows } = await db.ops.query('select * from ops.restore_drills order by started_at');
  return rows;
}

async function objectives(): Promise<Record<string, string>> {
  await measureObjectives({ pool: db.jobs, log, config: costs });
  const all = await listObjectives(db.ops, true);
  const recovery = all.filter(({ name }) => name.startsWith('recovery.'));
  return Object.fromEntries(recovery.map(({ name, status }) => [name.slice('recovery.'.length), status]));
}

test('the embedded server is backed up and restored once a week, and the objectives show the result', async () => {
  const server = await startEmbeddedPostgres(folder, { settings: { shared_buffers: '16MB' } });
  stop = server.stop;
  await migrate(server.url, testSecret);
  db = openDatabase(server.url, 'postgresql');
  await fillEverything(db, folder);
  expect(await objectives()).toEqual({ drill_age: 'unknown', drills_failed: 'unknown', restore_time: 'unknown' });
  await runRestoreDrill(depsOf({}, 0));
  expect(await drills()).toEqual([]);

  // A command's drill has the same scratch folder: it keeps the folder, and this drill proves nothing.
  mkdirSync(join(folder, 'drill', 'scratch'), { recursive: true });
  const other = lockFolder(join(folder, 'drill.lock'), 'the other');
  await expect(runRestoreDrill(depsOf())).rejects.toThrow('in use by the other');
  expect(existsSync(join(folder, 'drill', 'scratch'))).toBe(true);
  expect(await drills()).toEqual([]);
  other.release();

  await runRestoreDrill(depsOf());
  const [drill, ...more] = await drills();
  expect(more).toEqual([]);
  expect(drill).toMatchObject({ kind: 'copy', passed: true, figures: 5, detail: null });
  expect(drill.records).toBeGreaterThan(3_000);
  expect(drill.tables).toBeGreaterThan(40);
  expect(await objectives()).toEqual({ drill_age: 'met', drills_failed: 'met', restore_time: 'met' });
  expect(existsSync(join(folder, 'drill'))).toBe(false);

  await runRestoreDrill(depsOf({}, 6));
  expect(await drills()).toHaveLength(1);
  await db.owner.query(
    "update private.restore_drills set started_at = now() - interval '9 days', ended_at = now() - interval '9 days'",
  );
  expect(await objectives()).toEqual({ drill_age: 'missed', drills_failed: 'unknown', restore_time: 'unknown' });
});

test.runIf(there)(
  'a dump is restored into a scratch database, which is dropped; a failed drill is logged and retried the next day',
  async () => {
    const { url } = await usePlace(there as string);
    await migrate(url, testSecret);
    db = openDatabase(url, inject('engine'));
    await fillEverything(db, folder);
    await runRestoreDrill(depsOf());
    expect(await drills()).toEqual([]);
    expect(await objectives()).toEqual({ drill_age: 'unknown', drills_failed: 'unknown', restore_time: 'unknown' });

    const config = { BACKUP_DATABASE_URL: url, PG_BIN_DIR: clientFolder(there as string) };
    const nowhere = { ...config, RESTORE_DRILL_DATABASE_URL: 'postgres://nobody:secret-word@127.0.0.1:1/none' };
    await expect(runRestoreDrill(depsOf(nowhere))).rejects.toThrow('ECONNREFUSED');
    expect(await drills()).toEqual([
      expect.objectContaining({ passed: false, detail: expect.not.stringContaining('secret-word') }),
    ]);
    expect(await objectives()).toEqual({ drill_age: 'unknown', drills_failed: 'missed', restore_time: 'unknown' });
    await runRestoreDrill(depsOf({ ...nowhere }, 0));
    expect(await drills()).toHaveLength(1);

    const without = { ...config, RESTORE_DRILL_DATABASE_URL: restorer(url), PG_BIN_DIR: folder };
    await expect(runRestoreDrill(depsOf(without))).rejects.toThrow('postgresql-client');

    await runRestoreDrill(depsOf({ ...config, RESTORE_DRILL_DATABASE_URL: restorer(url) }, 4));
    expect((await drills()).at(-1)).toMatchObject({ kind: 'dump', passed: true, figures: 5, detail: null });
    expect(await objectives()).toEqual({ drill_age: 'met', drills_failed: 'missed', restore_time: 'met' });
    const left = await db.migrator.query("select from pg_database where starts_with(datname, 'mirante_drill_')");
    expect(left.rowCount).toBe(0);
  },
);
