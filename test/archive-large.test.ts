import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyArchive } from '../jobs/archive/check.ts';
import { runRetention } from '../jobs/archive/run-retention.ts';
import { instantAt } from '../lib/time.ts';
import { listArchiveFiles } from '../sql/archive/files.ts';
import { withTenant } from '../sql/database/db.ts';
import { copyRows } from '../sql/exports/rows.ts';
import { startApi, type TestApi } from './support/api.ts';
import { makeArchive } from './support/archive-home.ts';
import { fillLarge, RETENTION } from './support/archived-events.ts';
import { createDatabase, makeTenant, type TestDatabase, type TestTenant } from './support/harness.ts';

const COUNT = 2_400;

let db: TestDatabase;
let archive: Awaited<ReturnType<typeof makeArchive>>;
let api: TestApi;
let tenant: TestTenant;

beforeAll(async () => {
  db = await createDatabase();
  archive = await makeArchive();
  api = await startApi(db, { MIRANTE_DATA_DIR: archive.folder });
  tenant = await makeTenant(db);
});
afterAll(async () => {
  await api.close();
  await archive.remove();
  await db.drop();
});

test('a day of the largest events is archived', async () => {
  await fillLarge(db, tenant.id, COUNT);
  await runRetention({
    pool: db.jobs,
    engine: db.engine,
    log: pino({ level: 'silent' }),
    config: RETENTION,
    clock: () => new Date(),
    archive,
  });
  const files = await listArchiveFiles(db.owner, { tenantId: tenant.id, status: 'live' });
  expect(files.map(({ type, rows }) => [type, rows])).toEqual([['large.v1', COUNT]]);
  expect(await verifyArchive({ pool: db.owner, archive }, tenant.id)).toMatchObject({ rows: COUNT, faults: [] });
}, 120_000);

test('and read again: as a list, and as an export', async () => {
  const { status, body } = await api.call('GET', '/v1/events?limit=1000', tenant.keys.read);
  expect(status).toBe(200);
  // A page ends after some megabytes.
  expect(body.data.length).toBeGreaterThan(100);
  const sum = { rows: 0, bytes: 0 };
  await withTenant(db.api, tenant.id, async (client) => {
    const window = { from: instantAt(new Date(Date.now() - 50 * 86_400_000)), to: instantAt(new Date()) };
    const stream = copyRows(client, { dataset: 'events', ...window, filter: {} }, { format: 'ndjson' }, archive);
    for await (const bytes of stream) sum.bytes += (bytes as Buffer).length;
    sum.rows = stream.rowCount;
  });
  expect(sum.rows).toBe(COUNT);
  expect(sum.bytes).toBeGreaterThan(COUNT * 60_000);
}, 120_000);
