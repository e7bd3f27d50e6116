import { expect, test } from 'vitest';
import { instantAt } from '../../lib/time.ts';
import { RETENTION } from '../../test/support/archived-events.ts';
import { DAY, idsFrom, plantEvents, useExports } from '../../test/support/exports.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';
import { runRetention } from '../archive/run-retention.ts';
import { refreshRollups } from '../metrics/refresh-rollups.ts';

const db = await useDatabase();
const exports = await useExports(db);

test.each([
  ['csv', {}],
  ['csv', { compression: 'gzip', delimiter: ';', bom: true }],
  ['ndjson', { compression: 'none' }],
  ['ndjson', { compression: 'gzip' }],
  ['parquet', {}],
] as const)('%s %o: every row once, in files of the size that was set', async (format, options) => {
  const tenant = await makeTenant(db);
  await plantEvents(db, tenant, 2_500);
  await plantEvents(db, await makeTenant(db), 10, 'foreign');
  const { id } = await exports.ask(tenant, { format, options });
  await exports.run();
  const job = await exports.find(tenant, id);
  expect(job).toMatchObject({ status: 'completed', progress: 100, error: null });
  expect((await exports.idsIn(tenant, id)).sort()).toEqual(idsFrom(2_500));
  const files = await exports.files(tenant, id);
  expect(files.length).toBeGreaterThan(2);
  expect(Math.max(...files.map(({ rows }) => rows))).toBeLessThanOrEqual(1_000);
  expect(job.manifest).toMatchObject({
    rows: 2_500,
    files: files.map(({ name, rows, bytes, sha256 }) => ({ name, rows, bytes, sha256 })),
  });
  expect(job.manifest?.types).toEqual(['test.0.v1', 'test.1.v1', 'test.2.v1'].map((type) => ({ type, versions: [] })));
  if (format === 'parquet')
    expect(files.map(({ name }) => name)).toContainEqual(expect.stringMatching(/^day=\d{4}-\d\d-\d\d\/events-0001\.parquet$/));
  if (format === 'csv') expect(job.manifest).toMatchObject({ csvw: { tables: files.map(({ name }) => ({ url: name })) } });
  expect(await exports.unaccounted()).toEqual([]);
});

test('an export without rows has one file with its column names', async () => {
  const tenant = await makeTenant(db);
  for (const format of ['csv', 'parquet', 'ndjson'] as const) {
    const { id } = await exports.ask(tenant, { format });
    await exports.run();
    const [file, ...more] = await exports.files(tenant, id);
    expect([file?.rows, more, await exports.idsIn(tenant, id)]).toEqual([0, [], []]);
  }
});

test.each(['csv', 'ndjson', 'parquet'] as const)('metrics are exported by month, as %s', async (format) => {
  const tenant = await makeTenant(db);
  await plantEvents(db, tenant, 50, 'm', 40);
  await refreshRollups({ ...exports.deps, engine: db.engine });
  const { id } = await exports.ask(tenant, {
    dataset: 'metrics',
    format,
    from: instantAt(new Date(Date.now() - 60 * DAY)),
    filter: { metric: 'events.count', interval: 'day' },
  });
  await exports.run();
  expect(await exports.find(tenant, id)).toMatchObject({ status: 'completed' });
  const files = await exports.files(tenant, id);
  expect(files.length).toBeGreaterThan(1);
  expect(files.reduce((sum, { rows }) => sum + rows, 0)).toBeGreaterThan(39);
});

test('archived events are in each export as before, once, and in none that continues another', async () => {
  const tenant = await makeTenant(db);
  await plantEvents(db, tenant, 2_000, 'old', 40);
  const from = instantAt(new Date(Date.now() - 70 * DAY));
  const before = await exports.ask(tenant, { from });
  await exports.run();
  await runRetention({ ...exports.deps, engine: db.engine, config: RETENTION });
  const stored = await db.owner.query('select from private.events where tenant_id = $1', [tenant.id]);
  expect(stored.rowCount).toBeLessThan(1_900);

  const [csv, parquet] = [await exports.ask(tenant, { from }), await exports.ask(tenant, { from, format: 'parquet' })];
  await exports.run();
  for (const { id } of [before, csv, parquet]) {
    expect((await exports.idsIn(tenant, id)).sort()).toEqual(idsFrom(2_000, 'old'));
    expect(await exports.find(tenant, id)).toMatchObject({ manifest: { types: [{}, {}, {}] } });
  }
  const days = (await exports.files(tenant, parquet.id)).map(({ name }) => name.slice(0, 'day=2026-11-24'.length));
  expect(new Set(days).size).toBeGreaterThan(35);

  await plantEvents(db, tenant, 30, 'late', 10);
  const { id } = await exports.ask(tenant, { from, to: before.window_to, since: await exports.find(tenant, before.id) });
  await exports.run();
  expect((await exports.idsIn(tenant, id)).sort()).toEqual(idsFrom(30, 'late'));
});
