import { pino } from 'pino';
import { expect, test } from 'vitest';
import { checkDataQuality } from '../../jobs/metrics/check-data-quality.ts';
import { runReconcile } from '../../jobs/metrics/reconcile.ts';
import { refreshRollups } from '../../jobs/metrics/refresh-rollups.ts';
import { CHECKS } from '../../sql/data-quality/quality-checks.ts';
import { type Json, useApi } from '../../test/support/api.ts';
import { makeTenant, type TestTenant, useDatabase } from '../../test/support/harness.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** 18:00 of a day that has ended, so that every hour under test has passed. */
const TODAY = Math.floor(Date.now() / DAY) * DAY - DAY;
const NOW = TODAY + 18 * HOUR;
const TYPE = 'shop.order.paid.v1';

const db = await useDatabase();
const api = await useApi(db);

const jobs = () => ({ pool: db.jobs, engine: db.engine, log: pino({ level: 'silent' }), clock: () => new Date(NOW) });
const look = async (tenant: TestTenant): Promise<Json> =>
  (await api.call('GET', `/v1/data-quality?to=${new Date(NOW).toISOString()}`, tenant.keys.read)).body;

type Shape = { every: string; outcome?: string; ms?: string; skew?: string };

/** Inserts events from `from` until the evening, one per `every`, as if they had arrived in time. */
async function fill(tenant: TestTenant, from: number, { every, outcome = `'success'`, ms = '10', skew = '0' }: Shape) {
  await db.owner.query(
    `insert into private.events (tenant_id, time, id, received_at, type, source, bytes, outcome, duration_ms)
     select $1, t, gen_random_uuid(), t + interval '1 second' * (1 + ${skew}), $2, 'test', 100, ${outcome}, ${ms}
     from generate_series($3::timestamptz, $4::timestamptz - interval '1 second', $5::interval) with ordinality s (t, n)`,
    [tenant.id, TYPE, new Date(from), new Date(NOW), every],
  );
  await db.owner.query(
    "insert into private.dirty_hours (hour) select generate_series($1::timestamptz, $2::timestamptz, interval '1 hour')",
    [new Date(from), new Date(NOW)],
  );
}

async function check(): Promise<void> {
  await refreshRollups({ ...jobs(), clock: () => new Date() });
  await checkDataQuality(jobs());
}

const statuses = (checks: Json[]) => Object.fromEntries(checks.map(({ name, status }: Json) => [name, status]));

test('a tenant with regular data has the full score, and the checks are named in its language', async () => {
  const tenant = await makeTenant(db, { locale: 'pt-BR' });
  await fill(tenant, TODAY - 29 * DAY, { every: '7 minutes' });
  await check();
  const { data, checks, reconciliation } = await look(tenant);
  expect(data.map(({ day, score }: Json) => [day, score])).toEqual([
    [new Date(TODAY).toISOString().slice(0, 10), 100],
    [new Date(TODAY - DAY).toISOString().slice(0, 10), 100],
  ]);
  expect(statuses(data[0].checks)).toEqual(Object.fromEntries(CHECKS.map(({ name }) => [name, 'pass'])));
  expect(checks.map(({ name, title }: Json) => [name, title])).toContainEqual(['freshness', 'Atualidade']);
  expect(reconciliation).toBeNull();
  const card = `/v1/dashboards/data-volume/cards/quality-checks?from=${new Date(TODAY).toISOString()}`;
  const shown = (await api.call('GET', card, tenant.keys.read)).body.data.map((row: Json) => row.check);
  expect(shown.sort()).toEqual(CHECKS.map(({ title }) => title['pt-BR']).sort());
});

test('each check finds its own fault', async () => {
  const tenant = await makeTenant(db);
  const before = TODAY - 29 * DAY;
  await db.owner.query(
    `insert into private.events (tenant_id, time, id, received_at, type, source, bytes, outcome, duration_ms)
     select $1, t, gen_random_uuid(), t, $2, 'test', 100, 'success', 10
     from generate_series($3::timestamptz, $4::timestamptz - interval '1 second', interval '2 minutes') t`,
    [tenant.id, TYPE, new Date(before), new Date(TODAY)],
  );
  // A tenth of the usual events, without outcome, half without a duration, one duration enormous, from a clock that is ahead.
  await fill(tenant, TODAY, {
    every: '23 minutes',
    outcome: 'null',
    ms: 'case when n % 2 = 0 then case when n = 4 then 90000 else 10 end end',
    skew: '-600',
  });
  await fill(tenant, before, { every: '100 days' });
  await check();
  // Removes three events from the roll-up directly, and adds refused input and repetitions.
  const rows = (await db.owner.query("select storage.rollup_rows('events_daily')::text as name")).rows[0].name;
  await db.owner.query(`update ${rows} set events = events - 3 where tenant_id = $1 and bucket = $2`, [
    tenant.id,
    new Date(TODAY),
  ]);
  await db.owner.query(
    `insert into private.quarantine (tenant_id, received_at, id, status, code, key_id, raw)
     select $1, $2, gen_random_uuid(), 'quarantined', 'schema-mismatch', $3, '' from generate_series(1, 20)`,
    [tenant.id, new Date(TODAY + HOUR), tenant.keyIds.ingest],
  );
  await db.owner.query('update private.receipts set duplicates = 10 where tenant_id = $1 and hour = $2', [
    tenant.id,
    new Date(TODAY + HOUR),
  ]);
  await checkDataQuality(jobs());
  const { data } = await look(tenant);
  expect(statuses(data[0].checks)).toEqual({
    freshness: 'pass',
    completeness: 'fail',
    volume: 'fail',
    schema: 'fail',
    duplicates: 'warn',
    clock: 'fail',
    outcome: 'fail',
    duration: 'warn',
    outliers: 'warn',
  });
  expect(data[0].score).toBeLessThan(40);
  expect(data[1].score).toBe(100);
  const silent = new Date(NOW + 30 * HOUR);
  await checkDataQuality({ ...jobs(), clock: () => silent });
  const later = await api.call('GET', `/v1/data-quality?to=${silent.toISOString()}`, tenant.keys.read);
  expect(statuses(later.body.data[0].checks)).toMatchObject({ freshness: 'fail', duration: 'unknown' });
});

test('a tenant sees only its own last reconciliation', async () => {
  const [tenant, other] = [await makeTenant(db), await makeTenant(db)];
  for (const one of [tenant, other]) {
    await api.call('POST', '/v1/events', one.keys.ingest, [{ type: TYPE, time: new Date(TODAY).toISOString() }]);
  }
  await refreshRollups({ ...jobs(), clock: () => new Date() });
  await db.owner.query('delete from private.events where tenant_id = $1', [tenant.id]);
  await expect(runReconcile({ ...jobs(), config: { AGGREGATE_RETENTION_DAYS: 730 } })).rejects.toThrow();
  expect((await look(tenant)).reconciliation).toMatchObject({
    receipts: 1,
    raw: 0,
    rolled_up: 1,
    differences: 1,
    first_difference: { where: 'raw', at: `${new Date(TODAY).toISOString().slice(0, 19)}Z`, receipts: 1, found: 0 },
  });
  expect((await look(other)).reconciliation).toMatchObject({ receipts: 1, raw: 1, differences: 0, first_difference: null });
});

test('an empty window and one that is too long are refused', async () => {
  const tenant = await makeTenant(db);
  const ask = async (query: string) => (await api.call('GET', `/v1/data-quality?${query}`, tenant.keys.read)).body;
  expect((await ask('to=0001-01-02T00:00:00Z')).data).toEqual([]);
  expect((await ask('from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z')).errors).toMatchObject([{ code: 'empty-window' }]);
  expect((await ask('from=2020-02-01T00:00:00Z')).errors).toMatchObject([{ code: 'out-of-range' }]);
  expect((await ask('')).data).toEqual([]);
});
