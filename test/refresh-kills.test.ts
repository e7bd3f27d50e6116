import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Queue } from 'bullmq';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { type Child, startChild } from '../cli/up/children.ts';
import { openQueue, QUEUES } from '../jobs/queues.ts';
import { environmentWith } from '../lib/config.ts';
import { createPool } from '../sql/database/db.ts';
import { type EventRow, storeEvents } from '../sql/events/events.ts';
import { makeTenant, redisUrl, type TestTenant, testSecret, useDatabase } from './support/harness.ts';
import { expectedAnswers, ROLLUPS, randomEvents, randomFrom, readAnswers } from './support/telemetry.ts';

const KILLS = inject('kills');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

// The login of the jobs, the only one that sees the state of its sessions.
let queues: Queue[];
let tenants: TestTenant[];
const stored: EventRow[] = [];
const children: Child[] = [];

const db = await useDatabase();
const watcher = createPool(db.urls.jobs, { max: 1, name: 'test watcher' });
const urls = { queueDatabaseUrl: db.urls.queue, redisUrl: redisUrl() };

beforeAll(async () => {
  queues = QUEUES.map((name) => openQueue(urls, name, pino({ level: 'silent' })));
  // Only refreshes: no other jobs run here.
  for (const queue of queues.filter(({ name }) => name !== 'rollups')) await queue.pause();
  tenants = [await makeTenant(db), await makeTenant(db)];
  await db.owner.query("update storage.rollups set materialised_to = date_trunc('day', now() - interval '10 days', 'UTC')");
  if (db.engine !== 'timescaledb') await slowDown();
});
afterAll(async () => {
  for (const child of children) child.kill();
  await Promise.all(children.map(({ gone }) => gone));
  await Promise.all(queues.map((queue) => queue.close()));
  await vi.waitFor(async () => expect(await sessionsOfJobs()).toBe(0), 60_000);
  await watcher.end();
});

// Prolongs the time between delete and insert, as a large refresh would.
async function slowDown(): Promise<void> {
  await db.owner.query(`create function private.take_time() returns trigger language plpgsql
    as $$ begin perform pg_sleep(2 * random() ^ 2); return null; end $$`);
  for (const rollup of ROLLUPS.filter((name) => name.endsWith('_hourly')))
    await db.owner.query(
      `create trigger slow before insert on private.${rollup}_rows for each statement execute function private.take_time()`,
    );
}

async function startJobs(): Promise<Child> {
  const settings = {
    API_DATABASE_URL: db.urls.api,
    JOBS_DATABASE_URL: db.urls.jobs,
    QUEUE_DATABASE_URL: db.urls.queue,
    METABASE_DATABASE_URL: db.urls.metabase,
    DATABASE_URL: undefined,
    REDIS_URL: redisUrl(),
    MIRANTE_SECRET: testSecret,
    MIRANTE_DATA_DIR: join(tmpdir(), 'mirante-no-data'),
    API_URL: 'http://127.0.0.1:9',
    LOG_LEVEL: 'info',
  };
  const lines: string[] = [];
  let child: Child | undefined;
  const running = new Promise<void>((done) => {
    child = startChild('jobs', 'jobs/worker.ts', environmentWith(settings), (line) => {
      lines.push(line);
      if (line.includes('jobs are running')) done();
    });
  });
  const { gone } = child as Child;
  children.push(child as Child);
  await Promise.race([running, gone.then((how) => Promise.reject(new Error(`${how}: ${lines.join('\n')}`)))]);
  return child as Child;
}

const refreshNow = () => queues.find(({ name }) => name === 'rollups')?.add('refresh-rollups', {});

const sessions = (condition: string) =>
  watcher
    .query(
      `select from pg_stat_activity where datname = current_database() and application_name = 'mirante jobs' and ${condition}`,
    )
    .then(({ rowCount }) => rowCount);
const sessionsOfJobs = () => sessions('true');
const isRefreshing = async () => (await sessions("state = 'active' and query ~ 'refresh_(rollup|continuous)'")) !== 0;

const ledgerSize = async () => (await db.owner.query('select from private.dirty_hours where hour <= now()')).rowCount;

async function expectRollupsToBeRaw(when: string): Promise<void> {
  const expected = expectedAnswers(stored, tenants);
  for (const rollup of ROLLUPS) {
    const { rows } = await db.owner.query(`select count(*)::int as n from private.${rollup}`);
    expect([when, rollup, rows[0].n]).toEqual([when, rollup, expected[rollup]?.size]);
    expect(await readAnswers(db.owner, rollup), `${when}: ${rollup}`).toEqual(expected[rollup]);
  }
}

test(
  `the jobs program is killed ${KILLS} times during a refresh, and what its backend still writes counts once`,
  async () => {
    const random = randomFrom(11);
    let jobs = await startJobs();
    for (let n = 1; n <= KILLS; n += 1) {
      const heir = await startJobs();
      // Paused, so that it takes no job before the other process is dead.
      process.kill(heir.pid, 'SIGSTOP');
      const from = Date.now() - (1 + 8 * random()) * DAY;
      const events = randomEvents(random, tenants, 200, from, from + 2 * HOUR);
      expect(await storeEvents(db.api, events)).toEqual(new Map());
      stored.push(...events);
      await refreshNow();
      // The refresh of the engine may end before it is seen; then the moment of the kill is random.
      if (db.engine !== 'timescaledb') await expect.poll(isRefreshing, { interval: 5 }).toBe(true);
      // At a random point of the refresh.
      const moment = Date.now() + random() * 2_500;
      await expect.poll(() => Date.now() >= moment, { interval: 5 }).toBe(true);
      jobs.kill();
      await jobs.gone;
      process.kill(heir.pid, 'SIGCONT');
      jobs = heir;
      await expect
        .poll(async () => {
          await refreshNow();
          return ledgerSize();
        })
        .toBe(0);
      await expect.poll(isRefreshing).toBe(false);
      await expectRollupsToBeRaw(`after kill ${n}`);
    }
  },
  60_000 + KILLS * 30_000,
);
