import { join } from 'node:path';
import { pino } from 'pino';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { withDuckDb } from '../../lib/parquet.ts';
import { listArchiveFiles } from '../../sql/archive/files.ts';
import { fetchFile } from '../../sql/archive/home.ts';
import { useArchive } from '../../test/support/archive-home.ts';
import { eventsOf, fillDays, RETENTION } from '../../test/support/archived-events.ts';
import { makeTenant, type TestTenant, useDatabase } from '../../test/support/harness.ts';
import { useS3 } from '../../test/support/s3-server.ts';
import { type RetentionDeps, runRetention } from './run-retention.ts';
import { compareStore } from './sweep.ts';

const db = await useDatabase();
const s3 = await useS3();

describe.each(['a folder', 'S3'])('in %s', (place) => {
  let archive: Awaited<ReturnType<typeof useArchive>>;
  let deps: RetentionDeps;
  let tenant: TestTenant;

  beforeAll(async () => {
    archive = await useArchive(place === 'S3' ? s3.url : undefined);
    deps = {
      pool: db.jobs,
      engine: db.engine,
      log: pino({ level: 'silent' }),
      config: RETENTION,
      clock: () => new Date(),
      archive,
    };
    await db.owner.query('delete from private.archive_files');
  });
  beforeEach(async () => {
    tenant = await makeTenant(db);
  });

  const filesOf = (status: 'proved' | 'live' = 'live') => listArchiveFiles(db.owner, { tenantId: tenant.id, status });
  const store = () => archive.store;

  test('exactly the events that leave the database are in the archive, to the last bit', async () => {
    const other = await makeTenant(db);
    for (const days of [
      { from: 60, to: 56 },
      { from: 3, to: 1 },
    ]) {
      await fillDays(db, tenant.id, { ...days, count: 3 });
      await fillDays(db, other.id, { ...days, count: 1, word: 'theirs' });
    }
    const before = await eventsOf(db, tenant.id);
    const run = await runRetention(deps);
    const left = await eventsOf(db, tenant.id);
    const files = await filesOf();
    expect(left.length).toBeLessThan(before.length);
    expect(files.reduce((sum, { rows }) => sum + rows, 0)).toBe(before.length - left.length);
    expect(run.files).toBeGreaterThan(files.length);
    expect(
      files.every(({ name }) => name.length < 400 && name.startsWith(`archive/events/tenant=${tenant.id}/event_type=`)),
    ).toBe(true);
    expect(await compareStore(deps)).toEqual({ orphans: [], missing: 0 });
    const again = await runRetention(deps);
    expect([again.files, again.removed]).toEqual([0, 0]);
  }, 60_000);

  test('a file can be read with only its name and folders', async () => {
    await fillDays(db, tenant.id, { from: 58, to: 56, count: 2 });
    await runRetention(deps);
    const [file] = (await filesOf()).filter(({ type }) => type === 'a.plain.v1');
    if (!file) throw new Error('nothing was archived');
    const path = join(archive.folder, 'one.parquet');
    await fetchFile(store(), file, path);
    const rows = await withDuckDb(archive.folder, (run) =>
      run(
        `select tenant_id, type, json_extract_string(data, '$.t') as t, duration_ms from read_parquet('${path}') order by duration_ms`,
      ),
    );
    expect(rows[0]).toEqual({ tenant_id: tenant.id, type: 'a.plain.v1', t: 'é🦆\n"\\', duration_ms: 0.1 });
    expect(file.name).toContain(`/event_type=a.plain.v1/day=${file.day}/`);
    if (place === 'S3') return;
    // As in docs/archive.md, without the manifest.
    const counts = await withDuckDb(archive.folder, (run) =>
      run(
        `select type, event_type, count(*)::integer as n from read_parquet('${archive.folder}/objects/archive/events/*/*/*/*.parquet', hive_partitioning = true)
         where tenant = '${tenant.id}' and day >= '2020-01-01' and event_type like 'weird%' group by all`,
      ),
    );
    expect(counts).toEqual([{ type: 'weird/type "x", y=1', event_type: 'weird/type "x", y=1', n: 4 }]);
  }, 60_000);

  test('a rule can keep nothing, and files past their retention are destroyed and certified', async () => {
    const rule = (type: string | null, days: number) =>
      db.api.query('select door.set_archive_rule($1, $2, $3, $4)', [tenant.id, type, 'test', days]);
    await rule(null, 0);
    await rule('a.plain.v1', 400);
    await fillDays(db, tenant.id, { from: 58, to: 56, count: 2 });
    await runRetention(deps);
    expect((await filesOf()).map(({ type }) => type)).toEqual(['a.plain.v1', 'a.plain.v1']);
    await rule('a.plain.v1', 30);
    const run = await runRetention(deps);
    expect([run.removed, await filesOf()]).toEqual([2, []]);
    expect(await compareStore(deps)).toEqual({ orphans: [], missing: 0 });
    const { rows } = await db.owner.query(
      "select rule, dropped from storage.retention_runs where relation = 'archive_files' order by id desc limit 1",
    );
    expect(rows).toEqual([{ rule: 'keep_days=30', dropped: 2 }]);
  }, 60_000);
});
