import { pino } from 'pino';
import { beforeEach, describe, expect, inject, test } from 'vitest';
import { switchColumnstore } from '../cli/commands/columnstore.ts';
import { runMakePartitions } from '../jobs/archive/make-partitions.ts';
import { runRetention } from '../jobs/archive/run-retention.ts';
import { type RefreshDeps, refreshRollups } from '../jobs/metrics/refresh-rollups.ts';
import { convertAllDue, convertDue, listParts, stopColumnstore, toRowstore } from '../sql/archive/columnstore.ts';
import { withClient } from '../sql/database/db.ts';
import { type EventRow, storeEvents } from '../sql/events/events.ts';
import { METRICS } from '../sql/metrics/catalogue.ts';
import { readMetric } from '../sql/metrics/metrics.ts';
import { allowLargeDeletes, hasColumnstore } from '../sql/storage/engine.ts';
import { useArchive } from './support/archive-home.ts';
import { makeTenant, type TestDatabase, type TestTenant, useDatabase } from './support/harness.ts';
import { randomEvents, randomFrom } from './support/telemetry.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const config = {
  RAW_RETENTION_DAYS: 20,
  QUARANTINE_RETENTION_DAYS: 30,
  AGGREGATE_RETENTION_DAYS: 730,
  ACCESS_LOG_RETENTION_DAYS: 183,
};

let db: TestDatabase;
let archive: Awaited<ReturnType<typeof useArchive>>;
let tenants: TestTenant[];
let deps: RefreshDeps;
let said: string[];

beforeEach(async () => {
  db = await useDatabase();
  archive = await useArchive();
  tenants = [await makeTenant(db), await makeTenant(db)];
  deps = { pool: db.jobs, engine: db.engine, log: pino({ level: 'silent' }), clock: () => new Date() };
  said = [];
});

const mirante = (...args: string[]) => switchColumnstore(args, { DATABASE_URL: db.url }, (line) => void said.push(line));

async function gateTwo(): Promise<{ on: boolean; forced: boolean }> {
  const { rows } = await db.owner.query<{ on: boolean; forced: boolean }>(
    `select relrowsecurity as on, relforcerowsecurity as forced from pg_class where oid = 'private.events'::regclass`,
  );
  return rows[0] as { on: boolean; forced: boolean };
}

async function fill(count: number, days: number): Promise<EventRow[]> {
  const now = Date.now();
  const events = randomEvents(randomFrom(1), tenants, count, now - days * DAY, now);
  for (let at = 0; at < events.length; at += 200) await storeEvents(db.api, events.slice(at, at + 200));
  await db.owner.query(`update storage.rollups set materialised_to = date_trunc('day', now() - interval '85 days', 'UTC')`);
  return events;
}

/** Every metric of each tenant, by day and by one dimension, over 60 days. */
async function figures(): Promise<unknown[]> {
  const to = Math.floor(Date.now() / DAY) * DAY * 1000;
  const window = { from: to - 60 * DAY * 1000, to };
  const questions = METRICS.flatMap((metric) =>
    [[], metric.dims.slice(0, 1)].map((groupBy) => ({
      metric,
      window,
      interval: 'day' as const,
      zone: 'America/Sao_Paulo',
      groupBy: metric.groupBy ?? groupBy,
      filters: [],
    })),
  );
  const answers = [];
  for (const { id } of tenants) for (const question of questions) answers.push((await readMetric(db.api, id, question)).rows);
  return answers;
}

const converted = async () => (await listParts(db.owner, 'events')).filter((part) => part.converted).length;

test.runIf(!hasColumnstore(inject('engine')))('an engine without a columnstore says so, and nothing changes', async () => {
  await expect(mirante('on', '--after', '7d')).rejects.toThrow('This engine has no columnstore');
  await expect(mirante('off')).rejects.toThrow('This engine has no columnstore');
  expect(await gateTwo()).toEqual({ on: true, forced: true });
});

test('unknown arguments are refused', async () => {
  for (const words of ['', 'on', 'on off', 'on --after 7', 'on --after 0d', 'on --after 4000d', 'off --after 7d']) {
    await expect(mirante(...words.split(' ').filter(Boolean)), words).rejects.toThrow('Use `on --after 7d`');
  }
});

describe.runIf(hasColumnstore(inject('engine')))('with a columnstore', () => {
  test('on and off, twice each, keep every row and every metric, and report what they do', async () => {
    await fill(1_500, 60);
    await refreshRollups(deps);
    const before = await figures();
    const rows = async () => (await db.owner.query('select * from private.events order by tenant_id, time, id')).rows;
    const stored = await rows();

    await mirante('on', '--after', '7d');
    await mirante('on', '--after', '7d');
    expect(await gateTwo()).toEqual({ on: false, forced: false });
    expect(await converted()).toBeGreaterThan(5);
    expect(await rows()).toEqual(stored);
    expect(await figures()).toEqual(before);
    expect(said).toContain('The columnstore of events was already on.');

    await mirante('off');
    await mirante('off');
    expect(await gateTwo()).toEqual({ on: true, forced: true });
    expect(await rows()).toEqual(stored);
    expect(await figures()).toEqual(before);
    expect(said.slice(-2)).toEqual([
      'The columnstore of events is off. Row security is on and forced.',
      'The columnstore of events is off, and row security is on.',
    ]);
  }, 60_000);

  test('each command resumes after either was interrupted', async () => {
    await fill(300, 60);
    const state = async () => ({ ...(await gateTwo()), converted: await converted() });
    const on = { on: false, forced: false, converted: await dueAfter(7) };
    const off = { on: true, forced: true, converted: 0 };
    const cuts: (() => Promise<unknown>)[] = [
      async () => undefined,
      async () => db.owner.query("select storage.columnstore_on('events', '7 days')"),
      async () => convertFirst(2),
      async () => convertAllDue(db.owner),
      async () => stopColumnstore(db.owner, 'events'),
      async () => backFirst(1),
      async () => backFirst(100),
    ];
    for (let cut = 1; cut <= cuts.length; cut += 1) {
      for (const command of [['on', '--after', '7d'], ['off']]) {
        await mirante('off');
        for (const step of cuts.slice(0, cut)) await step();
        await mirante(...command);
        expect(await state(), `cut after step ${cut}, then ${command[0]}`).toEqual(command[0] === 'on' ? on : off);
      }
    }
  }, 120_000);

  async function dueAfter(days: number): Promise<number> {
    const { rows } = await db.owner.query<{ n: number }>(
      `select count(*) as n from timescaledb_information.chunks
       where hypertable_name = 'events' and range_end <= now() - make_interval(days => $1)`,
      [days],
    );
    return rows[0]?.n as number;
  }

  async function convertFirst(count: number): Promise<void> {
    const parts = (await listParts(db.owner, 'events')).filter(({ due }) => due).slice(0, count);
    for (const { part } of parts) await db.owner.query('select storage.to_columnstore($1, $2)', ['events', part]);
  }

  async function backFirst(count: number): Promise<void> {
    const parts = (await listParts(db.owner, 'events')).filter((part) => part.converted).slice(0, count);
    for (const { part } of parts) await toRowstore(db.owner, part);
  }

  test('converted chunks accept late events, detect duplicates and conflicts, and upkeep compresses the new rows', async () => {
    const events = await fill(600, 60);
    await mirante('on', '--after', '7d');
    const old = events.filter((event) => event.time / 1000 < Date.now() - 20 * DAY).slice(0, 100);
    const changed = old.map((event) => ({ ...event, type: 'changed.v1' }));
    expect(new Set((await storeEvents(db.api, old)).values())).toEqual(new Set(['duplicate']));
    expect(new Set((await storeEvents(db.api, changed)).values())).toEqual(new Set(['conflict']));

    const late = randomEvents(randomFrom(2), tenants, 200, Date.now() - 60 * DAY, Date.now() - 20 * DAY);
    expect(await storeEvents(db.api, late)).toEqual(new Map());
    expect(new Set((await storeEvents(db.api, late)).values())).toEqual(new Set(['duplicate']));
    expect((await listParts(db.owner, 'events')).some(({ due }) => due)).toBe(true);
    await runMakePartitions({ ...deps, config });
    expect((await listParts(db.owner, 'events')).some(({ due }) => due)).toBe(false);
    expect(new Set((await storeEvents(db.api, late)).values())).toEqual(new Set(['duplicate']));
  }, 60_000);

  test('upkeep converts chunks once they are old enough, and none after `off`', async () => {
    await fill(300, 60);
    await mirante('on', '--after', '60d');
    const before = await converted();
    await db.owner.query(`update storage.hypertables set columnstore_after = '30 days' where name = 'events'`);
    await runMakePartitions({ ...deps, config });
    expect(await converted()).toBeGreaterThan(before);
    await stopColumnstore(db.owner, 'events');
    await backFirst(100);
    await runMakePartitions({ ...deps, config });
    expect(await convertDue(db.owner, 'events')).toBe(0);
    expect(await converted()).toBe(0);
  }, 60_000);

  test('every chunk is protected: rows, compressed rows and roll-ups', async () => {
    await fill(600, 60);
    await refreshRollups(deps);
    await mirante('on', '--after', '7d');
    await runMakePartitions({ ...deps, config });
    const { rows } = await db.owner.query<{ chunk: string; locked: boolean }>(
      `select oid::regclass::text as chunk, relrowsecurity as locked from pg_class
       where relnamespace = '_timescaledb_internal'::regnamespace and relkind = 'r' and relname ~ '^_hyper_'`,
    );
    expect(rows.filter(({ locked }) => !locked)).toEqual([]);
    expect(rows.filter(({ chunk }) => chunk.endsWith('_compressed')).length).toBeGreaterThan(5);
    for (const { chunk } of rows) {
      await db.owner.query(`grant select on ${chunk} to mirante_api`);
      expect((await db.api.query(`select from ${chunk}`)).rowCount, chunk).toBe(0);
    }
    expect((await figures()).flat().length).toBeGreaterThan(0);
  }, 60_000);

  test('a new roll-up leaves row security unchanged', async () => {
    const add = (name: string) =>
      db.owner.query(
        `select storage.make_rollup($1, 'events', 'time', '1 hour', array['source'], array['count(*) as events'], 'true')`,
        [name],
      );
    await add('first_hourly');
    expect(await gateTwo()).toEqual({ on: true, forced: true });
    await mirante('on', '--after', '7d');
    await add('second_hourly');
    expect(await gateTwo()).toEqual({ on: false, forced: false });
  });

  test('retention drops converted chunks, and refreshes lose no roll-up rows', async () => {
    await fill(800, 60);
    await refreshRollups(deps);
    await mirante('on', '--after', '7d');
    const days = async () => (await db.owner.query('select * from private.events_daily order by 1, 2, 3, 4, 5')).rows;
    const before = await days();
    const parts = (await listParts(db.owner, 'events')).length;
    await runRetention({ ...deps, archive, config });
    expect((await listParts(db.owner, 'events')).length).toBeLessThan(parts);
    await db.owner.query(
      `insert into private.dirty_hours (hour, forced)
       select generate_series(date_trunc('hour', now() - interval '61 days'), now(), '1 hour'), true`,
    );
    await refreshRollups(deps);
    expect(await days()).toEqual(before);
  }, 60_000);

  test('a delete of more rows than the default limit of the engine works where the limit is lifted', async () => {
    const tenant = tenants[0] as TestTenant;
    const from = Math.floor((Date.now() - 30 * DAY) / DAY) * DAY;
    await db.owner.query(
      `insert into private.events (tenant_id, time, id, received_at, type, source, subject, bytes)
       select $1, $2::timestamptz + n * interval '1 second', gen_random_uuid(), now(), 't.v1', 'test', 'person-' || n % 500, 1
       from generate_series(1, 110000) n`,
      [tenant.id, new Date(from)],
    );
    await mirante('on', '--after', '7d');
    const erase = "delete from private.events where tenant_id = $1 and subject = 'person-7'";
    await expect(db.owner.query(erase, [tenant.id])).rejects.toThrow('tuple decompression limit exceeded');
    const erased = await withClient(db.owner, async (client) => {
      await client.query('begin');
      await allowLargeDeletes(client);
      const { rowCount } = await client.query(erase, [tenant.id]);
      await client.query('commit');
      return rowCount;
    });
    expect(erased).toBe(220);
  }, 60_000);
});
