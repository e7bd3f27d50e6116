import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { verifyArchive } from '../jobs/archive/check.ts';
import { runRetention } from '../jobs/archive/run-retention.ts';
import { compareStore } from '../jobs/archive/sweep.ts';
import { environmentWith } from '../lib/config.ts';
import { startEmbeddedPostgres } from '../lib/embedded-postgres.ts';
import { openObjectStore } from '../lib/open-object-store.ts';
import { instantAt } from '../lib/time.ts';
import { type ArchiveHome, openArchive } from '../sql/archive/home.ts';
import { createPool, type Pool, withTenant, withTransaction } from '../sql/database/db.ts';
import { migrate } from '../sql/database/migrate.ts';
import { roleUrl } from '../sql/database/roles.ts';
import { copyRows } from '../sql/exports/rows.ts';
import { useArchive } from './support/archive-home.ts';
import { fillDays, RETENTION } from './support/archived-events.ts';
import { makeTenant, testSecret, useDatabase } from './support/harness.ts';
import { type Mood, useS3Proxy } from './support/s3-proxy.ts';
import { useS3 } from './support/s3-server.ts';
import { randomFrom } from './support/telemetry.ts';

type Place = { url: string; owner: Pool; api: Pool; archive: ArchiveHome & { folder: string } };

const random = randomFrom(Date.now());
const { times } = inject('faults');

const db = await useDatabase();

async function placeOf(url?: string): Promise<Place> {
  const archive = await useArchive(url);
  await db.owner.query('delete from private.archive_files');
  return { url: db.url, owner: db.owner, api: db.api, archive };
}

/** `mirante archive run` as a separate process; `before` runs first in the same shell. */
function startRun({ url, archive }: Place, before = ''): ChildProcess & { output: () => string } {
  const env = environmentWith({
    DATABASE_URL: url,
    MIRANTE_DATA_DIR: archive.folder,
    RAW_RETENTION_DAYS: '20',
    LOG_LEVEL: 'silent',
  });
  const child = spawn('sh', ['-c', `${before} exec "${process.execPath}" cli/mirante.js archive run`], { env });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (said += bytes));
  onTestFinished(() => void child.kill('SIGKILL'));
  return Object.assign(child, { output: () => said });
}

async function ended(child: ChildProcess & { output: () => string }): Promise<{ code: number | null; said: string }> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return { code: child.exitCode, said: child.output() };
}

/** Two tenants with old events, and a function that reads everything each can see. */
async function fill(place: Place): Promise<() => Promise<void>> {
  const tenants = [await makeTenant(place), await makeTenant(place)];
  for (const { id } of tenants) await fillDays(place, id, { from: 60, to: 57, count: 2 });
  const look = () =>
    Promise.all(
      tenants.map(({ id }) =>
        withTenant(place.api, id, (client) => {
          const window = { from: instantAt(new Date(0)), to: instantAt(new Date()) };
          return text(copyRows(client, { dataset: 'events', ...window, filter: {} }, { format: 'ndjson' }, place.archive));
        }),
      ),
    );
  const all = await look();
  expect(all.map((lines) => lines.split('\n').length)).toEqual([37, 37]);
  return async () => expect(await look()).toEqual(all);
}

const deps = () => ({ engine: db.engine, log: pino({ level: 'silent' }), config: RETENTION, clock: () => new Date() });
const retention = ({ owner, archive }: Place, home: ArchiveHome = archive) =>
  runRetention({ ...deps(), pool: owner, archive: home });

const stale = async ({ owner }: Place) =>
  (await owner.query("select from private.events where time < now() - interval '50 days'")).rowCount;

async function finish(place: Place): Promise<void> {
  await retention(place);
  expect(await verifyArchive({ pool: place.owner, archive: place.archive })).toMatchObject({ faults: [] });
  expect(await stale(place)).toBe(0);
}

const manifest = async ({ owner }: Place) =>
  (await owner.query<{ n: number }>('select count(*) as n from private.archive_files')).rows[0]?.n ?? 0;

test('killed at random points: no event is lost or doubled, and the next run finishes the work', async () => {
  const place = await placeOf();
  const intact: (() => Promise<void>)[] = [];
  for (let kills = 0; kills < times; kills++) {
    if ((await stale(place)) === 0) intact.push(await fill(place));
    const before = await manifest(place);
    const run = startRun(place);
    const done = ended(run);
    // After a few more files: during a file, between two files, or while a proved partition is dropped.
    const point = before + Math.floor(random() * 12);
    const isThere = async () => run.exitCode !== null || (await manifest(place)) >= point;
    await expect.poll(isThere, { timeout: 60_000, interval: 2 }).toBe(true);
    run.kill('SIGKILL');
    await done;
    for (const look of intact) await look();
  }
  await finish(place);
  for (const look of intact) await look();
  expect(await compareStore({ pool: place.owner, archive: place.archive })).toEqual({ orphans: [], missing: 0 });
}, 240_000);

describe('an S3 store that fails', () => {
  const moods: [string, (n: number, method?: string) => Mood, boolean][] = [
    ['answers 500 to everything', () => 500, false],
    ['answers 503 to every third request', (n) => (n % 3 === 0 ? 503 : 'well'), true],
    ['is slow', () => 'slow', true],
    ['truncates its answers', (n) => (n > 12 ? 'cut' : 'well'), false],
    ['answers with other bytes', (n) => (n > 12 ? 'lie' : 'well'), false],
  ];

  test.each(moods)(
    '%s',
    async (_name, mood, succeeds) => {
      const s3 = await useS3();
      const proxy = await useS3Proxy(s3);
      const place = await placeOf(s3.url);
      const intact = await fill(place);
      let n = 0;
      proxy.mood(() => mood(++n));
      const config = { OBJECT_STORE_URL: proxy.url, MIRANTE_DATA_DIR: place.archive.folder };
      const spoilt = openArchive(config, openObjectStore(config));
      const outcome = await retention(place, spoilt).then(
        () => 'done',
        () => 'failed',
      );
      spoilt.store.close();
      expect([outcome, n > 3]).toEqual([succeeds ? 'done' : 'failed', true]);
      if (!succeeds)
        expect((await place.owner.query("select from private.archive_files where status = 'live'")).rowCount).toBe(0);
      await intact();
      await finish(place);
      await intact();
    },
    120_000,
  );
});

test('a full disk: the run fails and says so, and nothing is dropped', async () => {
  const place = await placeOf();
  const intact = await fill(place);
  await fillDays(place, (await makeTenant(place)).id, { from: 58, to: 57, count: 30 });
  const { code, said } = await ended(startRun(place, "trap '' XFSZ; ulimit -f 2000;"));
  expect(code, said).toBe(1);
  expect((await place.owner.query("select from private.archive_files where status = 'live'")).rowCount).toBe(0);
  await intact();
  await finish(place);
  await intact();
}, 120_000);

test('a database that stops or is killed during a run', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mirante-archive-restart-'));
  chmodSync(folder, 0o755);
  let server = await startEmbeddedPostgres(folder);
  await migrate(server.url, testSecret);
  const pools = () => ({
    owner: createPool(server.url, { max: 6, name: 'test owner', role: 'mirante_owner' }),
    api: createPool(roleUrl(server.url, testSecret, 'mirante_api'), { max: 3, name: 'test api' }),
  });
  const archive = await useArchive();
  let place: Place = { url: server.url, ...pools(), archive };
  onTestFinished(async () => {
    await Promise.all([place.owner.end(), place.api.end()]);
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  for (const how of ['stopped', 'killed']) {
    await fill(place);
    const before = await manifest(place);
    const run = retention(place).then(
      () => 'done',
      () => 'failed',
    );
    await expect.poll(async () => (await manifest(place)) >= before + 5, { timeout: 60_000, interval: 2 }).toBe(true);
    if (how === 'stopped') await server.stop();
    else process.kill(server.pid, 'SIGKILL');
    expect(await run).toBe('failed');
    await Promise.all([place.owner.end(), place.api.end()]);
    server = await startEmbeddedPostgres(folder);
    place = { url: server.url, ...pools(), archive };
    await finish(place);
  }
}, 120_000);

test('a failed run of the job is recorded, and the rest of its work is done', async () => {
  const place = await placeOf();
  await fill(place);
  const put = () => Promise.reject(new Error('no'));
  await db.owner.query(
    "insert into private.idempotency_keys (tenant_id, key, request_hash, claim, first_at) select id, 'old', '', id, '2020-01-01' from private.tenants limit 1",
  );
  await expect(retention(place, { ...place.archive, store: { ...place.archive.store, put } })).rejects.toThrow('no');
  expect((await db.owner.query("select from private.idempotency_keys where key = 'old'")).rowCount).toBe(0);
  const { rows } = await db.ops.query('select files, failed from ops.archive_runs order by started_at desc limit 1');
  expect(rows).toEqual([{ files: 0, failed: true }]);
}, 60_000);

test('a tenant that cannot be archived does not block the others', async () => {
  const place = await placeOf();
  const intact = await fill(place);
  const { rows } = await place.owner.query<{ id: string }>(
    "select distinct tenant_id as id from private.events where time < now() - interval '50 days' order by 1 limit 1",
  );
  const first = rows[0]?.id ?? '';
  const put = (name: string, path: string) =>
    name.includes(first) ? Promise.reject(new Error('not this one')) : place.archive.store.put(name, path);
  await expect(retention(place, { ...place.archive, store: { ...place.archive.store, put } })).rejects.toThrow('not this one');
  const proved = await place.owner.query<{ id: string; status: string }>(
    'select distinct tenant_id as id, status from private.archive_files',
  );
  expect(proved.rows.length).toBeGreaterThan(0);
  expect(proved.rows.every(({ id, status }) => id !== first && status === 'proved')).toBe(true);
  await finish(place);
  await intact();
}, 60_000);

test('if a proved file is missing from the store, nothing is dropped and the file is written again', async () => {
  const place = await placeOf();
  const intact = await fill(place);
  const asked = new Set<string>();
  const { store } = place.archive;
  // The file exists when it is proved and is missing when it is read again.
  const stat = async (name: string) => (asked.size === asked.add(name).size ? undefined : store.stat(name));
  const before = await stale(place);
  await expect(retention(place, { ...place.archive, store: { ...store, stat } })).rejects.toThrow('Nothing is dropped');
  expect([
    await stale(place),
    (await place.owner.query("select from private.archive_files where status = 'live'")).rowCount,
  ]).toEqual([before, 0]);
  const { rows } = await place.owner.query<{ name: string }>('select name from private.archive_files order by name limit 1');
  await store.remove(rows[0]?.name ?? '');
  await finish(place);
  await intact();
}, 60_000);

test('a long read keeps its own events from being dropped and nothing else; the run is recorded as failed', async () => {
  const place = await placeOf();
  const intact = await fill(place);
  const before = await stale(place);
  await db.owner.query(
    "insert into private.idempotency_keys (tenant_id, key, request_hash, claim, first_at) select id, 'older', '', id, '2020-01-01' from private.tenants limit 1",
  );
  await withTransaction(place.owner, 'begin', async (reader) => {
    await reader.query('select from private.archive_files limit 1');
    await expect(retention(place)).rejects.toThrow('lock timeout');
  });
  expect((await db.owner.query("select from private.idempotency_keys where key = 'older'")).rowCount).toBe(0);
  expect(await stale(place)).toBe(before);
  const { rows } = await db.ops.query('select files, failed from ops.archive_runs order by started_at desc limit 1');
  expect(rows).toEqual([{ files: expect.any(Number), failed: true }]);
  expect(rows[0]?.files).toBeGreaterThan(0);
  await finish(place);
  await intact();
}, 60_000);
