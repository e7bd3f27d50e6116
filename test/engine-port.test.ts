import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { runMakePartitions } from '../jobs/archive/make-partitions.ts';
import { runRetention } from '../jobs/archive/run-retention.ts';
import { type RefreshDeps, refreshRollups } from '../jobs/metrics/refresh-rollups.ts';
import { summariseTimes } from '../sql/archive/retention.ts';
import { type EventRow, storeEvents } from '../sql/events/events.ts';
import { useArchive } from './support/archive-home.ts';
import { makeTenant, type TestDatabase, type TestTenant, useDatabase } from './support/harness.ts';
import { type Answers, expectedAnswers, ROLLUPS, randomEvents, randomFrom, readAnswers } from './support/telemetry.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
let db: TestDatabase;
let archive: Awaited<ReturnType<typeof useArchive>>;
let tenants: TestTenant[];
let stored: EventRow[];
let deps: RefreshDeps;

beforeEach(async () => {
  db = await useDatabase();
  archive = await useArchive();
  tenants = [await makeTenant(db), await makeTenant(db)];
  stored = [];
  deps = { pool: db.jobs, engine: db.engine, log: pino({ level: 'silent' }), clock: () => new Date() };
});

async function ingest(events: EventRow[]): Promise<void> {
  for (let at = 0; at < events.length; at += 200)
    expect(await storeEvents(db.api, events.slice(at, at + 200))).toEqual(new Map());
  stored.push(...events);
}

const bucketOf = (key: string) => JSON.parse(key)[1] as number;
const since = (from: number, all: Answers | undefined): Answers =>
  new Map([...(all ?? [])].filter(([key]) => bucketOf(key) >= from));

async function expectAnswers(from: (rollup: string) => number = () => 0): Promise<void> {
  const expected = expectedAnswers(stored, tenants);
  for (const rollup of ROLLUPS) {
    const got = since(from(rollup), await readAnswers(db.owner, rollup));
    expect(got, rollup).toEqual(since(from(rollup), expected[rollup]));
  }
}

/** Marks the time since `days` ago as not refreshed. */
async function sleepFor(days: number): Promise<void> {
  await db.owner.query(
    `update storage.rollups set materialised_to = date_trunc('day', now() - make_interval(days => $1), 'UTC')`,
    [days],
  );
}

/** Marks every hour of the last `days` days as touched by a flush. */
async function markAllDirty(days: number): Promise<void> {
  await db.owner.query(
    `insert into private.dirty_hours (hour)
     select generate_series(date_trunc('hour', now() - make_interval(days => $1)), now(), '1 hour')`,
    [days],
  );
}

const ledgerSize = async () => (await db.owner.query('select from private.dirty_hours')).rowCount;

describe.each([1, 2, 3])('seed %i', (seed) => {
  test('every roll-up equals a group-by over raw events: live, refreshed, with late events, after retention', async () => {
    const random = randomFrom(seed);
    const now = Date.now();
    await sleepFor(85);
    await ingest(randomEvents(random, tenants, 600, now - 80 * DAY, now));
    await expectAnswers();

    await refreshRollups(deps);
    expect(await ledgerSize()).toBe(0);
    await expectAnswers();

    await ingest(randomEvents(random, tenants, 100, now - 2 * HOUR, now));
    await ingest(randomEvents(random, tenants, 60, now - 80 * DAY, now));
    await refreshRollups(deps);
    await expectAnswers();

    const config = {
      RAW_RETENTION_DAYS: 20,
      QUARANTINE_RETENTION_DAYS: 30,
      AGGREGATE_RETENTION_DAYS: 730,
      ACCESS_LOG_RETENTION_DAYS: 183,
    };
    await runRetention({ ...deps, archive, config });
    const { rows } = await db.owner.query(
      'select min(time) as oldest, (select max(dropped_to) from storage.retention_runs) from private.events',
    );
    expect(rows[0].oldest.getTime()).toBeGreaterThan(now - 49 * DAY);
    await markAllDirty(85);
    await refreshRollups(deps);
    await expectAnswers();

    await ingest(randomEvents(random, tenants, 100, now - 19 * DAY, now));
    await refreshRollups(deps);
    await expectAnswers();
  }, 90_000);
});

test('dropping old hours keeps the days made from them, including the day at the boundary', async () => {
  const now = Date.now();
  await sleepFor(85);
  await ingest(randomEvents(randomFrom(7), tenants, 800, now - 60 * DAY, now));
  const config = {
    RAW_RETENTION_DAYS: 20,
    QUARANTINE_RETENTION_DAYS: 30,
    AGGREGATE_RETENTION_DAYS: 30,
    ACCESS_LOG_RETENTION_DAYS: 183,
  };
  await runRetention({ ...deps, archive, config });
  await markAllDirty(85);
  await refreshRollups(deps);
  const { rows } = await db.owner.query<{ name: string; retained_from: Date }>(
    'select name, retained_from from storage.rollups',
  );
  const retained = new Map(rows.map((row) => [row.name, Number(row.retained_from)]));
  await expectAnswers((rollup) => retained.get(rollup) as number);
  const proofs = await db.owner.query('select rule, dropped from storage.retention_runs');
  expect(proofs.rows).toContainEqual({ rule: 'RAW_RETENTION_DAYS=20', dropped: expect.any(Number) });
});

test('a bucket that is partly dropped is not recomputed; the next one is', async () => {
  const edge = Math.floor((Date.now() - 3 * DAY) / DAY) * DAY + 10 * HOUR;
  await ingest(randomEvents(randomFrom(8), tenants, 60, edge, edge + 2 * HOUR));
  await refreshRollups(deps);
  await db.owner.query("update storage.hypertables set retained_from = $1 where name in ('events', 'rule_hits')", [
    new Date(edge + HOUR / 2),
  ]);
  await db.owner.query('delete from private.events where time < $1', [new Date(edge + HOUR / 2)]);
  await db.owner.query('delete from private.rule_hits where time < $1', [new Date(edge + HOUR / 2)]);
  await ingest(randomEvents(randomFrom(9), tenants, 20, edge + HOUR, edge + 2 * HOUR));
  await markAllDirty(4);
  await refreshRollups(deps);
  await expectAnswers();
});

test('a bucket that begins where the raw events now begin is recomputed', async () => {
  const edge = Math.floor((Date.now() - 3 * DAY) / DAY) * DAY;
  await db.owner.query('update storage.hypertables set retained_from = $1', [new Date(edge)]);
  await ingest(randomEvents(randomFrom(10), tenants, 20, edge, edge + HOUR));
  await refreshRollups(deps);
  await expectAnswers();
});

test('concurrent refreshes and flushes lose nothing', async () => {
  const now = Date.now();
  const random = randomFrom(11);
  await sleepFor(10);
  let flushing = true;
  const flushes = Array.from({ length: 3 }, async () => {
    for (let n = 0; n < 40; n += 1) await ingest(randomEvents(random, tenants, 20, now - 9 * DAY, now));
  });
  const refreshes = Array.from({ length: 2 }, async () => {
    while (flushing) await refreshRollups(deps);
  });
  await Promise.all(flushes);
  flushing = false;
  await Promise.all(refreshes);
  await refreshRollups(deps);
  expect(await ledgerSize()).toBe(0);
  await expectAnswers();
});

test('a flush that commits while its hour is refreshed is included by the next run', async () => {
  const now = Date.now();
  await ingest(randomEvents(randomFrom(12), tenants, 10, now - 5 * HOUR, now - 4 * HOUR));
  const client = await db.owner.connect();
  const late = new Date(now - 4.5 * HOUR);
  await client.query('begin');
  await client.query(
    `insert into private.events (tenant_id, time, id, received_at, type, source, bytes)
     values ($1, $2, gen_random_uuid(), now(), 'late.v1', 'test', 1)`,
    [tenants[0]?.id, late],
  );
  await client.query("insert into private.dirty_hours (hour) values (date_trunc('hour', $1::timestamptz))", [late]);
  await refreshRollups(deps);
  await client.query('commit');
  client.release();
  const count = async () => (await db.owner.query("select events from private.events_hourly where type = 'late.v1'")).rows;
  expect(await refreshRollups(deps)).toBe(true);
  expect(await count()).toEqual([{ events: 1 }]);
});

test('a database whose partitions ran out accepts events again after upkeep, with row security on each partition', async () => {
  await db.owner.query("select storage.drop_before('events', now() + interval '60 days')");
  await runMakePartitions({ ...deps, config: { RAW_RETENTION_DAYS: 90 } });
  await ingest(randomEvents(randomFrom(13), tenants, 50, Date.now() - 90 * DAY, Date.now()));
  await runMakePartitions({ ...deps, config: { RAW_RETENTION_DAYS: 90 } });
  const { rows } = await db.owner.query<{ open: number; locked: number }>(
    `select count(*) filter (where not relrowsecurity) as open, count(*) filter (where relrowsecurity) as locked
     from pg_inherits join pg_class c on c.oid = inhrelid
     where inhparent = 'private.events'::regclass and c.relkind = 'r'`,
  );
  expect(rows[0]).toEqual({ open: 0, locked: expect.any(Number) });
  expect(rows[0]?.locked).toBeGreaterThan(3);
  await refreshRollups(deps);
  await expectAnswers();
});

test('partitions dropped by retention are not created again', async () => {
  const config = {
    RAW_RETENTION_DAYS: 20,
    QUARANTINE_RETENTION_DAYS: 30,
    AGGREGATE_RETENTION_DAYS: 730,
    ACCESS_LOG_RETENTION_DAYS: 183,
  };
  await ingest(randomEvents(randomFrom(14), tenants, 50, Date.now() - 60 * DAY, Date.now()));
  await runRetention({ ...deps, archive, config });
  const parts = async () =>
    (await db.owner.query("select from pg_inherits where inhparent = 'private.events'::regclass")).rowCount;
  const before = await parts();
  await runMakePartitions({ ...deps, config: { RAW_RETENTION_DAYS: 90 } });
  expect(await parts()).toBe(before);
  await runRetention({ ...deps, archive, config });
  const { rows } = await db.owner.query("select count(*) as runs from storage.retention_runs where relation = 'events'");
  expect(rows).toEqual([{ runs: 1 }]);
});

test('stored answers to repeated requests are deleted after a day, and counters after they expire', async () => {
  const keyOf = (key: string, age: string) =>
    db.owner.query(
      `insert into private.idempotency_keys (tenant_id, key, request_hash, claim, first_at)
       values ($1, $2, '', gen_random_uuid(), now() - $3::interval)`,
      [tenants[0]?.id, key, age],
    );
  await keyOf('old', '25 hours');
  await keyOf('young', '23 hours');
  await db.owner.query(
    "insert into limits.counters (key, points, expire) values ('old', 1, $1), ('young', 1, $2), ('ever', 1, null)",
    [Date.now() - 1000, Date.now() + 60_000],
  );
  const config = {
    RAW_RETENTION_DAYS: 90,
    QUARANTINE_RETENTION_DAYS: 30,
    AGGREGATE_RETENTION_DAYS: 730,
    ACCESS_LOG_RETENTION_DAYS: 183,
  };
  await runRetention({ ...deps, archive, config });
  expect((await db.owner.query('select key from private.idempotency_keys')).rows).toEqual([{ key: 'young' }]);
  expect((await db.owner.query('select key from limits.counters order by key')).rows).toEqual([
    { key: 'ever' },
    { key: 'young' },
  ]);
});

test('one hour of all tenants is found without a scan of its partition, even if the newest pages are not summarised', async () => {
  const day = Math.floor((Date.now() - 10 * DAY) / DAY) * DAY;
  const fill = (from: number, to: number) =>
    db.owner.query(
      `insert into private.events (tenant_id, time, id, received_at, type, source, bytes)
       select $1, t, gen_random_uuid(), t, 't.v1', 'test', 1 from generate_series($2::timestamptz, $3::timestamptz, '1 second') t`,
      [tenants[0]?.id, new Date(from), new Date(to - 1)],
    );
  const pagesOf = async (hour: number) => {
    await db.owner.query('analyze private.events');
    const { rows } = await db.owner.query(
      `explain (analyze, buffers, format json, timing off)
       select count(*) from private.events where time >= $1 and time < $2`,
      [new Date(hour), new Date(hour + HOUR)],
    );
    const { Plan: plan } = rows[0]['QUERY PLAN'][0];
    return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
  };
  const whole = async () =>
    (
      await db.owner.query<{ pages: number }>(
        `select max(pg_relation_size(inhrelid)) / 8192 as pages from pg_inherits where inhparent = 'private.events'::regclass`,
      )
    ).rows[0]?.pages as number;

  await fill(day, day + 22 * HOUR);
  await runMakePartitions({ ...deps, config: { RAW_RETENTION_DAYS: 90 } });
  const settled = await pagesOf(day + 5 * HOUR);
  expect(settled).toBeLessThan((await whole()) / 5);
  await fill(day + 22 * HOUR, day + 24 * HOUR);
  expect(await pagesOf(day + 5 * HOUR)).toBeLessThan((await whole()) / 3);
  expect(await pagesOf(day + 23 * HOUR)).toBeLessThan((await whole()) / 3);
  expect(await summariseTimes(db.jobs)).toBeGreaterThan(0);
  expect(await pagesOf(day + 5 * HOUR)).toBeLessThanOrEqual(settled + 32);
  expect(await summariseTimes(db.jobs)).toBe(0);
});
