import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readConfig } from '../../lib/config.ts';
import { freePort } from '../../lib/embedded-postgres.ts';
import { withArchiveTurn } from '../../sql/archive/files.ts';
import { heartbeatAge, heartbeatAges } from '../../sql/platform/heartbeats.ts';
import { useArchive } from '../../test/support/archive-home.ts';
import { need, type TestDatabase, testSecret, useDatabase } from '../../test/support/harness.ts';
import { createQueues, QUEUES, type Queues, type QueueUrls, queueHealth } from '../queues.ts';
import { SCHEDULES } from './schedules.ts';
import { startWorkers, type WorkerDeps, type Workers } from './workers.ts';

const log = pino({ level: 'silent' });
const soon = { timeout: 25_000, interval: 50 };

let db: TestDatabase;
let archive: Awaited<ReturnType<typeof useArchive>>;
let deps: WorkerDeps;
let urls: QueueUrls;
let queues: Queues;
let workers: Workers | undefined;
let redisServer: ChildProcess | undefined;

beforeEach(async () => {
  db = await useDatabase();
  archive = await useArchive();
  const config = readConfig({ MIRANTE_SECRET: testSecret, MIRANTE_DATA_DIR: join(tmpdir(), 'mirante-no-objects') });
  deps = {
    pool: db.jobs,
    engine: db.engine,
    log,
    config,
    clock: () => new Date(),
    logins: db.urls,
    secret: testSecret,
    objects: archive.store,
    archive,
  };
});
afterEach(async () => {
  await workers?.stop();
  await queues?.close();
  workers = undefined;
  redisServer?.kill('SIGKILL');
  redisServer = undefined;
});

async function start(given: QueueUrls, options = {}): Promise<void> {
  urls = given;
  queues = createQueues(urls, log);
  workers = await startWorkers(deps, urls, { drainMs: 5_000, ...options });
}

const consumerOf = (name: (typeof QUEUES)[number]) => workers?.consumers.get(name);

/** Sets the last heartbeats far back, so that a new one can be recognised. */
async function forgetBeats(): Promise<void> {
  await db.owner.query("update private.heartbeats set beat_at = now() - interval '1 hour'");
}

/** Makes a heartbeat due, so that a test need not wait for it. */
async function beatNow(): Promise<void> {
  for (const name of QUEUES) await consumerOf(name)?.queue.add('heartbeat', {});
}

const backends: [string, () => QueueUrls, boolean][] = [
  ['PostgreSQL', () => ({ queueDatabaseUrl: db.urls.queue }), true],
  ['Redis', () => ({ queueDatabaseUrl: db.urls.queue, redisUrl: need('redis') }), Boolean(need('redis'))],
];

describe.each(backends)('queues on %s', (_, backend, present) => {
  test.skipIf(!present)('each queue has a heartbeat, runs its upkeep at the start, and reports its health', async () => {
    await start(backend());
    await vi.waitFor(async () => expect([...(await heartbeatAges(db.api)).keys()].sort()).toEqual([...QUEUES]), soon);
    await vi.waitFor(async () => expect((await consumerOf('upkeep')?.queue.getCompletedCount()) ?? 0).toBeGreaterThan(1), soon);
    const health = await queueHealth(queues, await heartbeatAges(db.api));
    expect(health.rollups).toEqual({
      waiting: expect.any(Number),
      active: expect.any(Number),
      delayed: expect.any(Number),
      failed: 0,
      heartbeat_age_s: expect.any(Number),
    });
  });

  test.skipIf(!present)('successful jobs are logged at debug level only', async () => {
    const lines: { level: number; msg: string; job?: string }[] = [];
    deps = { ...deps, log: pino({ level: 'debug' }, { write: (line) => void lines.push(JSON.parse(line)) }) };
    await start(backend());
    await vi.waitFor(() => expect(new Set(lines.flatMap(({ job }) => job ?? [])).size).toBeGreaterThan(2), soon);
    const done = lines.filter(({ msg }) => msg === 'job done');
    expect(new Set(done.map(({ level }) => level))).toEqual(new Set([pino.levels.values.debug]));
  });

  test.skipIf(!present)('dirty hours are served at once', async () => {
    await start(backend());
    await vi.waitFor(
      async () => expect((await consumerOf('rollups')?.queue.getCompletedCount()) ?? 0).toBeGreaterThan(0),
      soon,
    );
    await db.owner.query(
      `insert into private.events (tenant_id, time, id, received_at, type, source, bytes)
       values (gen_random_uuid(), now() - interval '5 hours', gen_random_uuid(), now(), 'late.v1', 'test', 1)`,
    );
    await db.owner.query("insert into private.dirty_hours (hour) values (date_trunc('hour', now() - interval '5 hours'))");
    for (let n = 0; n < 100; n += 1) queues.enqueueRefresh();
    // Not the ledger: the first audit writes rows of its own, whose hours wait for the next minute.
    await vi.waitFor(async () => {
      expect((await db.owner.query("select events from private.events_hourly where type = 'late.v1'")).rows).toEqual([
        { events: 1 },
      ]);
    }, soon);
  });

  test.skipIf(!present)('a queue that is alive but not consumed shows in its heartbeat', async () => {
    await start(backend());
    await vi.waitFor(async () => expect(await heartbeatAge(db.jobs, 'upkeep')).toBeDefined(), soon);
    await consumerOf('upkeep')?.queue.pause();
    await forgetBeats();
    await beatNow();
    await vi.waitFor(async () => expect(await heartbeatAge(db.jobs, 'rollups')).toBeLessThan(60), soon);
    const health = await queueHealth(queues, await heartbeatAges(db.api));
    expect(health.upkeep.heartbeat_age_s).toBeGreaterThan(3000);
    await consumerOf('upkeep')?.queue.resume();
    await vi.waitFor(async () => expect(await heartbeatAge(db.jobs, 'upkeep')).toBeLessThan(60), soon);
  });

  test.skipIf(!present)('schedules that the table no longer lists are removed', async () => {
    await start(backend());
    const queue = consumerOf('upkeep')?.queue;
    await queue?.upsertJobScheduler('of-yesterday', { every: 60_000 });
    await workers?.stop();
    workers = await startWorkers(deps, urls, { drainMs: 5_000 });
    const ids = (await consumerOf('upkeep')?.queue.getJobSchedulers())?.map(({ key }) => key).sort();
    expect(ids).toEqual(
      SCHEDULES.filter((schedule) => schedule.queue === 'upkeep')
        .map(({ job }) => job)
        .sort(),
    );
  });

  test.skipIf(!present)(
    'jobs that fill all slots of a consumer count as a sign of life: it is not torn down under them',
    async () => {
      await start(backend(), { watchEveryMs: 50, staleAfterS: 5 });
      // Not upkeep: it starts with an audit, and a queue whose jobs run is never torn down.
      const [consumer, idle] = [consumerOf('rollups'), consumerOf('exports')];
      const holder = await db.owner.connect();
      try {
        await holder.query('begin; lock table private.objectives in access exclusive mode');
        for (let n = 0; n < 3; n += 1) await consumer?.queue.add('measure-objectives', {});
        await vi.waitFor(() => expect(consumer?.isFull()).toBe(true), soon);
        await forgetBeats();
        await vi.waitFor(async () => expect(await heartbeatAge(db.jobs, 'rollups')).toBeLessThan(60), soon);
        // By heartbeats alone, both queues are stale by now.
        await vi.waitFor(() => expect(consumerOf('exports')).not.toBe(idle), soon);
        expect(consumerOf('rollups')).toBe(consumer);
      } finally {
        await holder.query('rollback');
        holder.release();
      }
      await vi.waitFor(() => expect(consumer?.active()).toBe(0), soon);
    },
  );

  test.skipIf(!present)('a job that needs the archive’s turn frees its slot and is retried', async () => {
    await withArchiveTurn(db.owner, async () => {
      await start(backend());
      const consumer = consumerOf('upkeep');
      await vi.waitFor(async () => {
        const names = (await consumer?.queue.getDelayed())?.map(
          ({ name, attemptsMade, processedOn }) => processedOn && [name, attemptsMade],
        );
        expect(names).toContainEqual(['run-retention', expect.any(Number)]);
      }, soon);
    });
    expect((await db.owner.query('select from storage.archive_runs where error is not null')).rowCount).toBe(0);
  });

  test.skipIf(!present)('a consumer that has died silently is rebuilt', async () => {
    await start(backend(), { watchEveryMs: 50, staleAfterS: 5 });
    await vi.waitFor(async () => expect(await heartbeatAge(db.jobs, 'rollups')).toBeDefined(), soon);
    const dead = consumerOf('rollups');
    await dead?.worker.close();
    await forgetBeats();
    await vi.waitFor(() => expect(consumerOf('rollups')).not.toBe(dead), soon);
  });
});

test('an unreachable queue fails nothing, and is used again when it is back', async () => {
  const port = await freePort();
  urls = { redisUrl: `redis://127.0.0.1:${port}`, queueDatabaseUrl: db.urls.queue };
  queues = createQueues(urls, log);
  queues.enqueueRefresh();
  const health = await queueHealth(queues, new Map());
  expect(health.rollups).toEqual({ waiting: null, active: null, delayed: null, failed: null, heartbeat_age_s: null });
});

test('a producer that was opened while PostgreSQL was down works once it is back', async () => {
  const url = new URL(db.urls.queue);
  url.pathname = `${url.pathname}_later`;
  queues = createQueues({ queueDatabaseUrl: url.toString() }, log);
  await expect(queues.depth('rollups')).rejects.toThrow();
  const name = url.pathname.slice(1);
  await db.migrator.query(`create database ${name}`);
  await db.migrator.query(`grant connect on database ${name} to mirante_queue`);
  await expect(queues.depth('rollups')).rejects.toThrow(/migrat/i);
  await queues.close();
  await db.migrator.query(`drop database ${name} with (force)`);
});

test.skipIf(!need('redis'))(
  'after a Redis restart that lost everything, the workers consume again',
  async () => {
    const port = await freePort();
    await startRedis(port);
    await start(
      { queueDatabaseUrl: db.urls.queue, redisUrl: `redis://127.0.0.1:${port}` },
      { watchEveryMs: 200, staleAfterS: 5 },
    );
    await vi.waitFor(async () => expect((await heartbeatAges(db.api)).size).toBe(QUEUES.length), soon);
    const gone = once(redisServer as ChildProcess, 'exit');
    redisServer?.kill('SIGKILL');
    await gone;
    await forgetBeats();
    await startRedis(port);
    for (const name of QUEUES) await vi.waitFor(async () => expect(await heartbeatAge(db.jobs, name)).toBeLessThan(60), soon);
  },
  60_000,
);

// Waits until Redis accepts commands: the client's own reconnecting does the waiting.
async function startRedis(port: number): Promise<void> {
  const flags = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--maxmemory-policy',
    'noeviction',
  ];
  redisServer = spawn('redis-server', flags, { stdio: 'ignore' });
  const client = new Redis(port, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  client.on('error', () => undefined);
  await client.ping();
  client.disconnect();
}
