import { pino } from 'pino';
import { beforeEach, describe, expect, inject, test } from 'vitest';
import { runRetention } from '../jobs/archive/run-retention.ts';
import { type RefreshDeps, refreshLocked, refreshRollups } from '../jobs/metrics/refresh-rollups.ts';
import { columnstoreOn, convertDue, listParts } from '../sql/archive/columnstore.ts';
import { type EventRow, storeEvents } from '../sql/events/events.ts';
import { eraseTenantFromRollups, withRefreshLock } from '../sql/metrics/rollups.ts';
import { hasColumnstore } from '../sql/storage/engine.ts';
import { useArchive } from './support/archive-home.ts';
import { makeTenant, type TestDatabase, type TestTenant, useDatabase } from './support/harness.ts';
import { type Answers, expectedAnswers, ROLLUPS, randomEvents, randomFrom, readAnswers } from './support/telemetry.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let db: TestDatabase;
let archive: Awaited<ReturnType<typeof useArchive>>;
let tenants: TestTenant[];
let events: EventRow[];
let deps: RefreshDeps;

beforeEach(async () => {
  db = await useDatabase();
  archive = await useArchive();
  tenants = [await makeTenant(db), await makeTenant(db)];
  deps = { pool: db.jobs, engine: db.engine, log: pino({ level: 'silent' }), clock: () => new Date() };
  await db.owner.query(`update storage.rollups set materialised_to = date_trunc('day', now() - interval '85 days', 'UTC')`);
});

const ofFirst = ({ keyId }: EventRow) => keyId === tenants[0]?.keyIds.ingest;

async function store(days: number): Promise<void> {
  const now = Date.now();
  const random = randomFrom(3);
  events = randomEvents(random, tenants, 600, now - days * DAY, now);
  // In a few hours of every fifth day, to limit the number of refreshes.
  const [slot, hours] = [5 * DAY * 1000, 3 * HOUR * 1000];
  for (const [n, event] of events.entries()) {
    event.subject = `person-${n % 4}`;
    event.time = Math.floor(event.time / slot) * slot - hours + (event.time % hours);
  }
  for (let at = 0; at < events.length; at += 200) await storeEvents(db.api, events.slice(at, at + 200));
}

async function deleteRaw(gone: EventRow[]): Promise<void> {
  for (const table of ['events', 'rule_hits'])
    await db.owner.query(`delete from private.${table} where id = any ($1)`, [gone.map(({ id }) => id)]);
}

// TimescaleDB 2.29.2 records deletes from the columnstore, which earlier versions did not (timescale/timescaledb#8800). It
// does not record deletes from the tables of the compressed chunks.
async function deleteUnnoticed(tenantId: string): Promise<void> {
  const parts = hasColumnstore(db.engine) ? (await listParts(db.owner, 'events')).filter(({ converted }) => converted) : [];
  for (const { part } of parts) await db.owner.query(`delete from ${part}_compressed where tenant_id = $1`, [tenantId]);
  await db.owner.query("delete from private.events where tenant_id = $1 and time < now() - interval '20 days'", [tenantId]);
}

/** Marks the hours of these events, as every program that deletes raw rows must. */
async function markForced(gone: EventRow[]): Promise<void> {
  await db.owner.query(
    `insert into private.dirty_hours (hour, forced)
     select distinct date_trunc('hour', t, 'UTC'), true from unnest($1::timestamptz[]) t`,
    [gone.map(({ time }) => new Date(time / 1000))],
  );
}

const answers = async () =>
  new Map(
    await Promise.all(ROLLUPS.map(async (name): Promise<[string, Answers]> => [name, await readAnswers(db.owner, name)])),
  );
const truth = (rows: EventRow[]) => {
  const expected = expectedAnswers(rows, tenants);
  return new Map(ROLLUPS.map((name): [string, Answers] => [name, expected[name] as Answers]));
};

const STATES = hasColumnstore(inject('engine')) ? ['rows', 'columnstore'] : ['rows'];

describe.each(STATES)('raw events as %s', (state) => {
  async function prepare(days: number): Promise<void> {
    await store(days);
    await refreshRollups(deps);
    if (state === 'rows') return;
    await columnstoreOn(db.owner, 'events', 7);
    expect(await convertDue(db.owner, 'events')).toBeGreaterThan(1);
  }

  test('after a person is deleted and the hours are forced, no roll-up counts that person', async () => {
    await prepare(60);
    const gone = events.filter(({ subject }) => subject === 'person-1');
    await deleteRaw(gone);
    await markForced(gone);
    await refreshRollups(deps);
    expect(await answers()).toEqual(truth(events.filter(({ subject }) => subject !== 'person-1')));
  }, 60_000);

  test('forcing covers a delete that the engine does not record, and other hours stay unchanged', async () => {
    await prepare(60);
    const old = events.filter(({ time }) => time / 1000 < Date.now() - 20 * DAY);
    const edge = new Date(Math.floor(Date.now() / DAY) * DAY - 40 * DAY);
    const [early, late] = [old.filter(ofFirst).filter(isBefore(edge)), old.filter(ofFirst).filter((e) => !isBefore(edge)(e))];
    await deleteUnnoticed(tenants[0]?.id as string);
    await db.owner.query('delete from private.rule_hits where tenant_id = $1', [tenants[0]?.id]);
    const before = await answers();
    await markForced(early);
    await refreshRollups(deps);
    const after = await answers();
    const kept = (name: string) => [...(before.get(name) as Answers)].filter(([key]) => bucketOf(key) >= edge.getTime());
    for (const name of ROLLUPS) {
      const got = [...(after.get(name) as Answers)];
      expect(
        got.filter(([key]) => tenantOf(key) === tenants[0]?.id && bucketOf(key) < edge.getTime()),
        name,
      ).toEqual([]);
      expect(new Map(got.filter(([key]) => bucketOf(key) >= edge.getTime())), name).toEqual(new Map(kept(name)));
    }
    expect(late.length).toBeGreaterThan(10);
  }, 60_000);

  test('forced hours older than the raw events stay unchanged', async () => {
    await prepare(60);
    const before = await answers();
    const config = {
      RAW_RETENTION_DAYS: 20,
      QUARANTINE_RETENTION_DAYS: 30,
      AGGREGATE_RETENTION_DAYS: 730,
      ACCESS_LOG_RETENTION_DAYS: 183,
    };
    await runRetention({ ...deps, archive, config });
    await markForced(events);
    await refreshRollups(deps);
    expect(await answers()).toEqual(before);
  }, 60_000);

  test('a removed tenant leaves all roll-ups, even where its raw events are gone, and no refresh brings it back', async () => {
    await prepare(60);
    const config = {
      RAW_RETENTION_DAYS: 20,
      QUARANTINE_RETENTION_DAYS: 30,
      AGGREGATE_RETENTION_DAYS: 730,
      ACCESS_LOG_RETENTION_DAYS: 183,
    };
    await runRetention({ ...deps, archive, config });
    await deleteRaw(events.filter(ofFirst));
    const before = [...(await answers()).values()].reduce((n, rows) => n + rows.size, 0);
    const erased = await withRefreshLock(db.jobs, true, async (client) => {
      await refreshLocked(client, deps);
      return eraseTenantFromRollups(client, tenants[0]?.id as string);
    });
    const left = truth(events.filter((event) => !ofFirst(event)));
    expect(await answers()).toEqual(left);
    expect(erased).toBeGreaterThan(before / 4);
    await markForced(events);
    await refreshRollups(deps);
    expect(await answers()).toEqual(left);
  }, 60_000);
});

const isBefore =
  (edge: Date) =>
  ({ time }: EventRow) =>
    time / 1000 < edge.getTime();
const tenantOf = (key: string) => JSON.parse(key)[0] as string;
const bucketOf = (key: string) => JSON.parse(key)[1] as number;
