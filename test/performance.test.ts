import { expect, test } from 'vitest';
import { refreshRollups } from '../jobs/metrics/refresh-rollups.ts';
import { collectAllJourneys } from '../jobs/performance/collect-journeys.ts';
import { servePrivacyRequests } from '../jobs/privacy/serve-requests.ts';
import { monthsOf, periodNamed } from '../sql/performance/periods.ts';
import { type Json, useApi } from './support/api.ts';
import { jobDeps } from './support/archive-home.ts';
import { useExports } from './support/exports.ts';
import { makeTenant, type TestTenant, useDatabase } from './support/harness.ts';

const db = await useDatabase();
const exports = await useExports(db);
const api = await useApi(db);

const STARTED = 'org.example.started.v1';
const COMPLETED = 'org.example.created.v1';
const journey = { started: STARTED, completed: COMPLETED, id: '/data/journey' };
const deps = () => jobDeps(db, exports.deps.archive);

// Events older than 90 days are refused: worked examples are of the month before this one, and the end of the one before that.
const today = new Date();
const monthAgo = (months: number, day = 1) => new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - months, day));
const on = (months: number, day: number, time = '10:00:00Z') => `${monthAgo(months, day).toISOString().slice(0, 10)}T${time}`;
const month = (months: number) => on(months, 1).slice(0, 7);

async function collect(): Promise<void> {
  await refreshRollups(deps());
  await collectAllJourneys(deps());
}

async function send(tenant: TestTenant, ...events: [string, string, string, string?][]): Promise<void> {
  const batch = events.map(([type, journey, time, subject]) => ({
    type,
    time,
    ...(subject && { subject }),
    data: { journey },
  }));
  const { status, body } = await api.call('POST', '/v1/events', tenant.keys.ingest, batch, { prefer: 'return=representation' });
  expect([status, body.accepted]).toEqual([202, events.length]);
}

const put = (tenant: TestTenant, more: object = {}) =>
  api.call('PUT', '/v1/services/lpa', tenant.keys.tenant_admin, {
    name: 'Make an LPA',
    journey,
    timezone: 'UTC',
    draft_limit_days: 30,
    ...more,
  });

async function measures(tenant: TestTenant, from: string, to = from): Promise<Json> {
  const { status, body } = await api.call('GET', `/v1/services/lpa/measures?from=${from}&to=${to}`, tenant.keys.read);
  expect(status).toBe(200);
  return body;
}

test('a month without anything: no rate, no satisfaction, and no zero in their place', async () => {
  const tenant = await makeTenant(db);
  await put(tenant);
  await collect();
  const { data } = await measures(tenant, '2026-09');
  expect(data[0]).toMatchObject({
    period: '2026-09',
    user_satisfaction: { value: null, ratings: [0, 0, 0, 0, 0], denominator: 0, provisional: false },
    completion_rate_period: { value: null, numerator: 0, denominator: 0, provisional: false, flags: [] },
    completion_rate_cohort: { value: null, provisional: false },
  });
});

test('both rates by hand: over the end of a month, over 100 %, resumed, late and failed journeys', async () => {
  const tenant = await makeTenant(db);
  await put(tenant);
  await send(
    tenant,
    // Begun on the last day of a month and finished three days later, as from a Monday to a Thursday.
    [STARTED, 'a', on(1, 0)],
    [COMPLETED, 'a', on(1, 3)],
    // Resumed twice: one start.
    [STARTED, 'b', on(1, 5)],
    [STARTED, 'b', on(1, 6)],
    [STARTED, 'b', on(1, 7)],
    [COMPLETED, 'b', on(1, 8)],
    // Finished a microsecond after the limit of 30 days: a completion of its day, but of no cohort.
    [STARTED, 'c', on(2, 15, '00:00:00Z')],
    [COMPLETED, 'c', on(2, 45, '00:00:00.000001Z')],
    // Exactly at the limit.
    [STARTED, 'd', on(2, 15, '00:00:00Z')],
    [COMPLETED, 'd', on(2, 45, '00:00:00Z')],
    // Failed, without any completion.
    [STARTED, 'e', on(2, 16, '00:00:00Z')],
    // No start was ever received.
    [COMPLETED, 'f', on(1, 3)],
  );
  await collect();
  const { data, total, draft_limit_days } = await measures(tenant, month(2), month(1));
  expect(draft_limit_days).toBe(30);
  const [earlier, later] = data;
  expect(earlier.journeys).toEqual({
    starts: 4,
    completions: 0,
    cohort_completed: 2,
    cohort_late: 1,
    cohort_open: 0,
    cohort_failed: 1,
  });
  expect(earlier.completion_rate_period).toMatchObject({
    value: 0,
    numerator: 0,
    denominator: 4,
    provisional: false,
    flags: [],
  });
  expect(earlier.completion_rate_cohort).toMatchObject({ value: 50, numerator: 2, denominator: 4 });
  expect(later.completion_rate_period).toMatchObject({
    value: 500,
    numerator: 5,
    denominator: 1,
    flags: ['over-100-percent'],
  });
  expect(later.completion_rate_cohort).toMatchObject({ value: 100, numerator: 1, denominator: 1, flags: [] });
  expect(total.completion_rate_period).toMatchObject({ value: 100, numerator: 5, denominator: 5 });
  expect(total.completion_rate_cohort).toMatchObject({ value: 60, numerator: 3, denominator: 5 });
});

test('a cohort is provisional while its drafts can still be completed, and the current month always', async () => {
  const tenant = await makeTenant(db);
  await put(tenant, { draft_limit_days: 3650 });
  await send(tenant, [STARTED, 'a', on(1, 5)], [STARTED, 'b', on(1, 5)], [COMPLETED, 'b', on(1, 6)]);
  await collect();
  const [later] = (await measures(tenant, month(1))).data;
  expect(later.journeys).toMatchObject({ starts: 2, cohort_completed: 1, cohort_open: 1 });
  expect(later.completion_rate_cohort).toMatchObject({ value: 50, provisional: true });
  expect(later.completion_rate_period).toMatchObject({ value: 50, provisional: false });
  expect((await measures(tenant, month(0))).data[0].completion_rate_period.provisional).toBe(true);
  await send(tenant, [COMPLETED, 'a', on(1, 7)]);
  await collect();
  // Nothing is open any more.
  const rate = (await measures(tenant, month(1))).data[0].completion_rate_cohort;
  expect(rate).toMatchObject({ value: 100, provisional: false });
});

const restated = async (tenant: TestTenant, figures: string) =>
  (await api.call('GET', `/v1/restatements?figures=${figures}`, tenant.keys.read)).body.data
    .map(({ service, bucket, before, after }: Json) => [service, bucket.slice(0, 10), before, after])
    .sort();

test('late events change the figures openly: starts move to their first month, and restatements say so', async () => {
  const tenant = await makeTenant(db);
  await put(tenant);
  await send(tenant, [STARTED, 'a', on(1, 5)], [STARTED, 'b', on(1, 5)]);
  await collect();
  expect((await measures(tenant, month(1))).data[0].journeys).toMatchObject({ starts: 2, completions: 0 });
  await send(tenant, [COMPLETED, 'a', on(1, 9)], [STARTED, 'b', on(1, 0, '23:00:00Z')]);
  expect((await measures(tenant, month(1))).data[0].completion_rate_period.provisional).toBe(true);
  await collect();
  const [earlier, later] = (await measures(tenant, month(2), month(1))).data;
  expect([earlier.journeys.starts, later.journeys.starts, later.journeys.completions]).toEqual([1, 1, 1]);
  expect(later.completion_rate_period.provisional).toBe(false);
  expect(await restated(tenant, 'journeys_completed')).toEqual([['lpa', on(1, 9).slice(0, 10), 0, 1]]);
  const starts = [
    ['lpa', on(1, 0).slice(0, 10), 0, 1],
    ['lpa', on(1, 5).slice(0, 10), 2, 1],
  ];
  expect(await restated(tenant, 'journeys_started')).toEqual(starts);
  // Collecting the same hours again changes nothing.
  await send(tenant, [STARTED, 'b', on(1, 0, '23:30:00Z')]);
  await collect();
  expect(await restated(tenant, 'journeys_started')).toEqual(starts);
});

test('a changed journey is collected again from all events', async () => {
  const tenant = await makeTenant(db);
  await put(tenant, { journey: { ...journey, completed: 'org.example.other.v1' } });
  await send(tenant, [STARTED, 'a', on(1, 5)], [COMPLETED, 'a', on(1, 6)]);
  await collect();
  expect((await measures(tenant, month(1))).data[0].journeys.completions).toBe(0);
  await put(tenant);
  expect(await measures(tenant, month(1))).toMatchObject({
    watermark: null,
    data: [{ completion_rate_period: { provisional: true } }],
  });
  await collect();
  expect((await measures(tenant, month(1))).data[0].journeys.completions).toBe(1);
});

test.each([
  // Clocks go back on 25 October 2026 in London: its October has 745 hours and starts at 23:00 UTC.
  ['Europe/London', '2026-10', '2026-09-30T23:00:00.000Z', '2026-11-01T00:00:00.000Z'],
  ['Europe/London', '2026-03', '2026-03-01T00:00:00.000Z', '2026-03-31T23:00:00.000Z'],
  // Summer time began on 4 November 2018 at midnight in São Paulo.
  ['America/Sao_Paulo', '2018-11', '2018-11-01T03:00:00.000Z', '2018-12-01T02:00:00.000Z'],
  ['America/Sao_Paulo', '2026-10', '2026-10-01T03:00:00.000Z', '2026-11-01T03:00:00.000Z'],
  ['America/Sao_Paulo', '2018-Q4', '2018-10-01T03:00:00.000Z', '2019-01-01T02:00:00.000Z'],
  ['Europe/London', '2026', '2026-01-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
])('in %s, %s is from %s to %s', (zone, name, from, to) => {
  const period = periodNamed(name, zone);
  expect([period?.from.toISOString(), period?.to.toISOString()]).toEqual([from, to]);
});

test('a quarter has its three months, and texts that name no period are refused', () => {
  const quarter = periodNamed('2018-Q4', 'America/Sao_Paulo');
  expect(quarter && monthsOf(quarter, 'America/Sao_Paulo').map(({ name }) => name)).toEqual(['2018-10', '2018-11', '2018-12']);
  for (const name of ['2026-13', '2026-Q5', '26-10', '2026-1', '0999']) expect(periodNamed(name, 'UTC')).toBeUndefined();
});

test('events at the edges of a month count in the month of the service’s zone', async () => {
  const tenant = await makeTenant(db);
  await put(tenant, { timezone: 'Europe/London' });
  await db.owner.query(
    `insert into private.journeys (tenant_id, service, id, started_at)
     select $1, 'lpa', gen_random_uuid(), unnest($2::timestamptz[])`,
    [tenant.id, ['2025-09-30T22:59:59.999999Z', '2025-09-30T23:00:00Z', '2025-10-31T23:59:59.999999Z', '2025-11-01T00:00:00Z']],
  );
  const { data } = await measures(tenant, '2025-09', '2025-11');
  expect(data.map(({ journeys }: Json) => journeys.starts)).toEqual([1, 2, 1]);
});

test('an erasure removes the journeys of the person, and others keep theirs', async () => {
  const tenant = await makeTenant(db);
  await put(tenant);
  await send(tenant, [STARTED, 'a', on(1, 5), 'maria'], [COMPLETED, 'a', on(1, 6)], [STARTED, 'b', on(1, 7), 'joao']);
  await collect();
  const starts = async () => (await measures(tenant, month(1))).total.journeys.starts;
  expect(await starts()).toBe(2);
  const asked = (kind: string) =>
    api.call('POST', '/v1/privacy/requests', tenant.keys.tenant_admin, { kind, subject: 'maria' });
  expect((await asked('access')).status).toBe(202);
  await servePrivacyRequests(deps());
  expect((await asked('erasure')).status).toBe(202);
  await servePrivacyRequests(deps());
  await collect();
  expect(await starts()).toBe(1);
  expect(await restated(tenant, 'journeys_started')).toEqual([['lpa', on(1, 5).slice(0, 10), 1, 0]]);
  expect(await restated(tenant, 'journeys_completed')).toEqual([['lpa', on(1, 6).slice(0, 10), 1, 0]]);
});
