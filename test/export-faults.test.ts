import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, inject, test } from 'vitest';
import { createRandom } from '../cli/sample/random.ts';
import { environmentWith } from '../lib/config.ts';
import { type EmbeddedPostgres, freePort, startEmbeddedPostgres } from '../lib/embedded-postgres.ts';
import { createPool } from '../sql/database/db.ts';
import { migrate } from '../sql/database/migrate.ts';
import { roleUrl } from '../sql/database/roles.ts';
import type { Format } from '../sql/exports/jobs.ts';
import { useApi } from './support/api.ts';
import { type ExportDatabase, type Exports, idsFrom, plantEvents, useExports } from './support/exports.ts';
import { makeTenant, need, type TestDatabase, type TestTenant, testSecret, useDatabase } from './support/harness.ts';
import { type Mood, useS3Proxy } from './support/s3-proxy.ts';
import { useS3 } from './support/s3-server.ts';

const { times, report } = inject('faults');
const FORMATS: Format[] = ['csv', 'ndjson', 'parquet'];
const ROWS = 1_200;
const limit = 60_000 * Math.max(1, times / 8);

/** A database with one tenant and its events. */
async function createWorld(rows = ROWS): Promise<{ db: TestDatabase; tenant: TestTenant }> {
  const db = await useDatabase();
  const tenant = await makeTenant(db);
  await plantEvents(db, tenant, rows);
  return { db, tenant };
}

// For `npm run bench -- export-faults`, which runs this file with more of each fault.
const tell = (fault: string, found: object) => appendFileSync(report, `${JSON.stringify({ fault, ...found })}\n`);

/** Checks that every row is there once, every file matches the manifest, and the store has no unknown file. */
async function expectWhole(exports: Exports, of: TestTenant, id: string): Promise<void> {
  expect(await exports.find(of, id)).toMatchObject({ status: 'completed', error: null });
  expect((await exports.idsIn(of, id)).sort()).toEqual(idsFrom(ROWS));
  expect(await exports.unaccounted()).toEqual([]);
}

/** Runs due work, without the pause after a failed attempt, until the export has ended. */
async function runToTheEnd(exports: Exports, of: TestTenant, id: string, most = 50): Promise<void> {
  for (let turn = 0; turn < most; turn++) {
    await exports.run().catch(() => undefined);
    const { status } = await exports.find(of, id);
    if (status !== 'queued' && status !== 'running') return;
    exports.skip(3_600_000);
  }
}

test(
  'a worker is killed at any moment: the next one resumes, and no row is lost or doubled',
  async () => {
    const { db, tenant } = await createWorld();
    const exports = await useExports(db, undefined, { rows: 100 });
    const random = createRandom(times);
    let ahead = 0;
    let kills = 0;
    let completed = 0;
    while (kills < times) {
      const { id } = await exports.ask(tenant, { format: FORMATS[completed % 3] as Format });
      for (let ended = false; !ended; ) {
        ahead += 61_000;
        // The worker after the last kill finishes its work.
        const life = kills < times ? [random.next() * 900] : [];
        const [, signal] = await once(startWorker(db, exports.folder, [ahead, ...life]), 'exit');
        if (signal === 'SIGKILL') kills++;
        expect(await exports.unaccounted()).toEqual([]);
        ended = (await exports.find(tenant, id)).status === 'completed';
      }
      await expectWhole(exports, tenant, id);
      completed++;
    }
    tell('worker killed', { kills, exports_completed: completed, rows_lost: 0, rows_doubled: 0, orphans: 0 });
  },
  limit * 2,
);

function startWorker({ urls }: ExportDatabase, folder: string, times: number[]): ChildProcess {
  const settings = {
    API_DATABASE_URL: urls.api,
    JOBS_DATABASE_URL: urls.jobs,
    MIRANTE_DATA_DIR: folder,
    MIRANTE_SECRET: testSecret,
    OBJECT_STORE_URL: undefined,
    EXPORT_FILE_ROWS: '100',
    LOG_LEVEL: 'silent',
  };
  const args = ['--import', 'tsx', 'test/support/export-worker.ts', ...times.map(String)];
  return spawn(process.execPath, args, { env: environmentWith(settings), stdio: ['ignore', 'inherit', 'inherit'] });
}

describe('an S3 store that fails', () => {
  test.each([
    ['sometimes, in every way', { well: 7, 500: 1, 503: 1, slow: 1, cut: 1 }],
    ['always, until it recovers', { 503: 1 }],
  ] as const)(
    '%s',
    async (_, weights) => {
      const { db, tenant } = await createWorld();
      const s3 = await useS3();
      const random = createRandom(7);
      let moods: Record<string, number> = weights;
      const proxy = await useS3Proxy(s3);
      proxy.mood(() => {
        const mood = random.pick(moods);
        return (Number(mood) || mood) as Mood;
      });
      const exports = await useExports(db, proxy.url, { rows: 300 });
      const runs = 'well' in weights ? Math.ceil(times / 2) : 1;
      for (let run = 0; run < runs; run++) {
        const { id } = await exports.ask(tenant, { format: FORMATS[run % 3] as Format });
        await exports.run();
        if (!('well' in weights)) expect(await exports.find(tenant, id)).toMatchObject({ status: 'running', progress: 0 });
        if (!('well' in weights)) moods = { well: 1 };
        exports.skip(3_600_000);
        await runToTheEnd(exports, tenant, id);
        moods = { well: 1 };
        await expectWhole(exports, tenant, id);
        moods = weights;
      }
      tell('S3 fails', {
        exports: runs,
        requests: Object.fromEntries(proxy.counts),
        rows_lost: 0,
        rows_doubled: 0,
        orphans: 0,
      });
    },
    limit,
  );

  test(
    'an export whose store never recovers fails with a message, and its files are accounted for',
    async () => {
      const { db, tenant } = await createWorld();
      const s3 = await useS3();
      const exports = await useExports(db, s3.url.replace(/endpoint=.*/, `endpoint=http://127.0.0.1:${await freePort()}`));
      const { id } = await exports.ask(tenant);
      await runToTheEnd(exports, tenant, id);
      expect(await exports.find(tenant, id)).toMatchObject({ status: 'failed', error: 'store-unavailable' });
    },
    limit,
  );
});

test.skipIf(!need('tmpfs'))(
  'a full disk: the attempt fails with a message, and the next one resumes',
  async () => {
    const disk = mkdtempSync(join(tmpdir(), 'mirante-full-'));
    const mount = (options: string) =>
      expect(spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk]).status, options).toBe(0);
    mount('size=64k');
    const runs = Math.ceil(times / 2);
    for (let run = 0; run < runs; run++) {
      // Either the folder where rows are written first, or the store.
      const isScratch = run % 2 === 0;
      const { db, tenant } = await createWorld();
      const exports = await useExports(db, isScratch ? undefined : `file://${disk}/store`, isScratch ? { scratch: disk } : {});
      // A Parquet file of so few rows would fit into the store.
      const format = isScratch ? FORMATS[run % 3] : FORMATS[(run >> 1) % 2];
      const { id } = await exports.ask(tenant, { format: format as Format });
      await exports.run();
      const asked = 'select status, attempts from private.export_jobs where id = $1';
      expect((await db.owner.query(asked, [id])).rows).toEqual([{ status: 'running', attempts: 1 }]);
      expect(await exports.unaccounted()).toEqual([]);
      mount('remount,size=16m');
      await runToTheEnd(exports, tenant, id);
      await expectWhole(exports, tenant, id);
      rmSync(join(disk, 'store'), { recursive: true, force: true });
      mount('remount,size=64k');
    }
    spawnSync('umount', [disk]);
    rmSync(disk, { recursive: true });
    tell('disk full', { exports: runs, rows_lost: 0, rows_doubled: 0, orphans: 0 });
  },
  limit,
);

test(
  'the database is killed and restarts: the export resumes',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mirante-export-restart-'));
    chmodSync(folder, 0o755);
    const port = await freePort();
    let server: EmbeddedPostgres = await startEmbeddedPostgres(folder, { port });
    await migrate(server.url, testSecret);
    const urls = Object.fromEntries(
      (['api', 'jobs', 'queue', 'metabase', 'ops'] as const).map((name) => [
        name,
        roleUrl(server.url, testSecret, `mirante_${name}`),
      ]),
    ) as TestDatabase['urls'];
    const own = {
      urls,
      api: createPool(urls.api, { max: 2, name: 'test api' }),
      jobs: createPool(urls.jobs, { max: 5, name: 'test jobs', role: 'mirante_owner' }),
      owner: createPool(server.url, { max: 2, name: 'test owner', role: 'mirante_owner' }),
    };
    const lone = await makeTenant(own);
    await plantEvents(own, lone, ROWS);
    const random = createRandom(3);
    const runs = Math.ceil(times / 4);
    for (let run = 0; run < runs; run++) {
      const exports = await useExports(own, undefined, { rows: 60 });
      const { id } = await exports.ask(lone, { format: FORMATS[run % 3] as Format });
      const running = exports.run().catch(() => undefined);
      const some = Math.floor(random.next() * 18);
      const done = 'select count(stored_at) as n from private.export_files where export_id = $1';
      await expect
        .poll(async () => (await own.owner.query(done, [id])).rows[0].n, { interval: 5, timeout: 20_000 })
        .toBeGreaterThanOrEqual(some);
      process.kill(server.pid, 'SIGKILL');
      await running;
      await expect.poll(() => isAlive(server.pid), { timeout: 20_000 }).toBe(false);
      server = await startEmbeddedPostgres(folder, { port });
      await expect.poll(() => exports.find(lone, id).catch(() => undefined), { timeout: 20_000 }).toBeDefined();
      exports.skip(61_000);
      await runToTheEnd(exports, lone, id);
      await expectWhole(exports, lone, id);
      await own.owner.query('delete from private.export_jobs');
    }
    tell('database killed', { restarts: runs, rows_lost: 0, rows_doubled: 0, orphans: 0 });
    await Promise.all([own.api.end(), own.jobs.end(), own.owner.end()]);
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  },
  limit,
);

test(
  'clients that disconnect during a download leave nothing open',
  async () => {
    const { db, tenant: large } = await createWorld(60_000);
    const exports = await useExports(db, undefined, { rows: 100_000, bytes: 100_000_000 });
    const { id } = await exports.ask(large);
    await exports.run();
    const api = await useApi(db, { MIRANTE_DATA_DIR: exports.folder });
    const { body } = await api.call('GET', `/v1/exports/${id}`, large.keys.export);
    const [file] = body.manifest.files;
    expect(file.bytes).toBeGreaterThan(8_000_000);
    for (let client = 0; client < times; client++) {
      const request = get(file.url);
      await once(await responseOf(request), 'data');
      request.destroy();
    }
    await expect.poll(() => openFiles(exports.folder), { timeout: 20_000 }).toEqual([]);
    const whole = await buffer(await responseOf(get(file.url, { agent: false })));
    expect(whole.length).toBe(file.bytes);
    tell('client gone', { downloads: times, files_left_open: 0 });
  },
  limit,
);

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function responseOf(request: ClientRequest): Promise<IncomingMessage> {
  const [response] = await once(request, 'response');
  return response;
}

// Open files of this process, which runs the API, under a folder. Only Linux lists them.
function openFiles(folder: string): string[] {
  if (!existsSync('/proc/self/fd')) return [];
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(folder) ? [path] : [];
    } catch {
      return [];
    }
  });
}
