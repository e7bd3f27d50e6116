import { pino } from 'pino';
import { expect, test } from 'vitest';
import { verifyArchive } from '../jobs/archive/check.ts';
import { runRetention } from '../jobs/archive/run-retention.ts';
import { instantAt } from '../lib/time.ts';
import { listArchiveFiles } from '../sql/archive/files.ts';
import { withTenant } from '../sql/database/db.ts';
import { copyRows } from '../sql/exports/rows.ts';
import { useApi } from './support/api.ts';
import { useArchive } from './support/archive-home.ts';
import { fillLarge, RETENTION } from './support/archived-events.ts';
import { makeTenant, useDatabase } from './support/harness.ts';

const COUNT = 2_400;

const db = await useDatabase();
const archive = await useArchive();
const api = await useApi(db, { MIRANTE_DATA_DIR: archive.folder });
const tenant = await makeTenant(db);

test('a day of events of the maximum size is archived', async () => {
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

test('and is read back as a list and as an export', async () => {
  const { status, body } = await api.call('GET', '/v1/events?limit=1000', tenant.keys.read);
  expect(status).toBe(200);
  // A page is limited to a few megabytes.
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
