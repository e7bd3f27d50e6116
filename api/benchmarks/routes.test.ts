import { pino } from 'pino';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildBenchmarks } from '../../jobs/benchmarks/build.ts';
import { type Json, useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, type TestTenant, useDatabase } from '../../test/support/harness.ts';

const RATE = 'validations.error_rate';
const WEEK_MS = 7 * 86_400_000;
/** A time in the last complete week. */
const THEN = Date.now() - WEEK_MS;
const WEEK = isoWeek(THEN);

let retail: TestTenant[];
let farms: TestTenant[];
let outsider: TestTenant;
let small: TestTenant;

const db = await useDatabase();
const api = await useApi(db);
const operator = await makeOperatorKey(db);

beforeAll(async () => {
  retail = await many(22, 'retail');
  farms = await many(4, 'farms');
  [outsider, small] = [await makeTenant(db), await makeTenant(db, { attributes: { segment: 'retail' } })];
  for (const [n, tenant] of [...retail, ...farms].entries()) await send(tenant, 50, n + 1);
  await send(outsider, 50, 5);
  await send(small, 9, 3);
  for (const tenant of [...retail, ...farms, small]) await consent(tenant, true);
});

async function many(count: number, segment: string): Promise<TestTenant[]> {
  const made = [];
  for (let n = 0; n < count; n++) made.push(await makeTenant(db, { attributes: { segment } }));
  return made;
}

// Sends `count` validations in that week; the first `failed` of them failed.
async function send(tenant: TestTenant, count: number, failed: number, at = THEN): Promise<void> {
  const events = Array.from({ length: count }, (_, n) => ({
    id: `v${failed}-${n}`,
    type: 'br.validahub.validation.completed.v1',
    time: new Date(at).toISOString(),
    data: { marketplace: 'm', rows: 100, errors: 1, duration_ms: 10 + n, outcome: n < failed ? 'failure' : 'success' },
  }));
  const { body } = await api.call('POST', '/v1/events', tenant.keys.ingest, events);
  expect(body.accepted).toBe(count);
}

const consent = (tenant: TestTenant, accepted: boolean) =>
  api.call('PUT', '/v1/benchmarks/consent', tenant.keys.tenant_admin, { accepted, text_version: '2026-1' });
const ask = (tenant: TestTenant, period = WEEK, metric = RATE) =>
  api.call('GET', `/v1/benchmarks/${metric}${period && `?period=${period}`}`, tenant.keys.read);

async function build(metric = RATE, period = WEEK): Promise<Json> {
  const asked = await api.call('POST', '/v1/benchmarks/snapshots', operator, { metric, period });
  expect(asked).toMatchObject({ status: 202, body: { metric, period, status: 'queued' } });
  expect(asked.headers.get('location')).toBe(`/v1/benchmarks/snapshots/${asked.body.id}`);
  const [log, config] = [pino({ level: 'silent' }), { BENCHMARK_MIN_CONTRIBUTORS: 10 }];
  await buildBenchmarks({ pool: db.jobs, engine: db.engine, log, config, clock: () => new Date() });
  return (await api.call('GET', `/v1/benchmarks/snapshots/${asked.body.id}`, operator)).body;
}

function isoWeek(at: number): string {
  const thursday = new Date(at + (4 - (new Date(at).getUTCDay() || 7)) * 86_400_000);
  const week = Math.ceil(((thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / 86_400_000 + 1) / 7);
  return `${thursday.getUTCFullYear()}-W${String(Math.floor(week)).padStart(2, '0')}`;
}

test('without a build there is no result, and a tenant without consent gets none at all', async () => {
  expect(await ask(retail[0] as TestTenant)).toMatchObject({
    status: 200,
    body: { metric: RATE, period: WEEK, suppressed: 'LAG' },
  });
  expect((await ask(outsider)).body).toEqual({ metric: RATE, period: WEEK, suppressed: 'NOT_OPTED_IN' });
  expect((await ask(retail[0] as TestTenant, isoWeek(Date.now()))).body.suppressed).toBe('LAG');
});

test('a build releases a segment that is large enough, and all its members get the same result', async () => {
  const built = await build();
  expect(built).toMatchObject({ status: 'completed', metric: RATE, period: WEEK });
  expect(built.outcomes.map(({ cohort, outcome }: Json) => [cohort, outcome])).toEqual([
    ['all', 'released'],
    ['farms', 'GROUP_TOO_SMALL'],
    ['retail', 'released'],
  ]);
  const [lowest, highest] = [await ask(retail[0] as TestTenant), await ask(retail[21] as TestTenant)];
  expect(lowest.body).toMatchObject({
    yours: 0.02,
    unit: 'ratio',
    cohort: { label: 'retail', size_band: '20–49', p25: 0.13, p50: 0.23, p75: 0.34 },
    position: 'lowest quarter',
    method: { minimum_contributors: 10, rules: '1' },
  });
  expect(highest.body).toMatchObject({ yours: 0.44, position: 'highest quarter', cohort: lowest.body.cohort });
  const again = await Promise.all([...retail, ...retail].map((tenant) => ask(tenant)));
  expect(new Set(again.map(({ body }) => JSON.stringify(body.cohort))).size).toBe(1);
  expect((await ask(farms[0] as TestTenant)).body).toMatchObject({ cohort: { label: 'all' } });
  expect((await ask(retail[0] as TestTenant, '')).body.period).toBe(WEEK);
  expect((await ask(small)).body).toEqual({ metric: RATE, period: WEEK, suppressed: 'LOW_VOLUME' });
  expect((await ask(outsider)).body.suppressed).toBe('NOT_OPTED_IN');
});

test('a released snapshot is never restated, and says when its input has changed', async () => {
  const before = await ask(retail[5] as TestTenant);
  await send(retail[5] as TestTenant, 60, 60);
  const built = await build();
  expect(built.outcomes).toContainEqual(expect.objectContaining({ cohort: 'retail', outcome: 'frozen', input_changed: true }));
  expect((await ask(retail[5] as TestTenant)).body.cohort).toEqual(before.body.cohort);
  const { rows } = await db.owner.query("select details from private.audit_log where action = 'benchmark.built' order by seq");
  expect(rows[0]?.details.outcomes).toContainEqual(
    expect.objectContaining({
      cohort: 'retail',
      outcome: 'released',
      rules: '1',
      input_digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    }),
  );
});

test('consent has a history, is in the audit log, and applies to later builds', async () => {
  const tenant = retail[21] as TestTenant;
  const path = '/v1/benchmarks/consent';
  expect((await api.call('GET', path, outsider.keys.read)).body).toEqual({
    accepted: false,
    text_version: null,
    at: null,
    history: [],
  });
  const revoked = await api.call('PUT', path, tenant.keys.tenant_admin, { accepted: false, text_version: '2026-2' });
  expect(revoked.body).toMatchObject({
    accepted: false,
    text_version: '2026-2',
    history: [{ accepted: false }, { accepted: true }],
  });
  expect((await ask(tenant)).body.suppressed).toBe('NOT_OPTED_IN');
  const log = await api.call('GET', '/v1/audit-log?action=benchmark_consent.created', tenant.keys.tenant_admin);
  expect(log.body.data).toHaveLength(2);
  // When one of 22 members leaves, the segment drops eleven: otherwise the result would reveal who left.
  const before = isoWeek(THEN - WEEK_MS);
  for (const [n, one] of retail.entries()) await send(one, 50, n + 1, THEN - WEEK_MS);
  expect((await build(RATE, before)).outcomes).toContainEqual(
    expect.objectContaining({ cohort: 'retail', outcome: 'released', size_band: '10–19' }),
  );
  expect((await ask(tenant, before)).body.suppressed).toBe('NOT_OPTED_IN');
  for (const key of [tenant.keys.read, tenant.keys.ingest])
    expect((await api.call('PUT', path, key, { accepted: true, text_version: 'x' })).body.code).toBe('wrong-scope');
});

describe('the API refuses', () => {
  test.each([
    ['GET', '/v1/benchmarks/no.such', undefined, 404, 'not-found'],
    ['GET', `/v1/benchmarks/${RATE}?period=2026-13`, undefined, 400, 'invalid-request'],
    ['GET', `/v1/benchmarks/${RATE}?period=2025-W53`, undefined, 400, 'invalid-request'],
    ['GET', `/v1/benchmarks/${RATE}?segment=a`, undefined, 400, 'invalid-request'],
    ['GET', '/v1/benchmarks/snapshots', undefined, 403, 'wrong-scope'],
    ['POST', '/v1/benchmarks/snapshots', { metric: RATE, period: WEEK }, 403, 'wrong-scope'],
  ])('%s %s of a tenant: %i', async (method, path, body, status, code) => {
    const answer = await api.call(method, path, (retail[0] as TestTenant).keys.read, body);
    expect(answer).toMatchObject({ status, body: { code } });
  });

  test.each([
    [{ metric: 'no.such', period: WEEK }],
    [{ metric: RATE, period: 'W46-2026' }],
    [{ metric: RATE, period: '2026-W54' }],
    [{ metric: RATE }],
  ])('a build of %j', async (body) => {
    expect(await api.call('POST', '/v1/benchmarks/snapshots', operator, body)).toMatchObject({
      status: 400,
      body: { code: 'invalid-request' },
    });
  });

  test('a period that has not ended', async () => {
    expect((await build(RATE, isoWeek(Date.now()))).outcomes).toMatchObject([{ cohort: 'all', outcome: 'LAG' }]);
    expect((await build('events.count')).outcomes).toMatchObject([{ outcome: 'LAG' }]);
  });

  test('every call of a tenant whose feature is off', async () => {
    const tenant = await makeTenant(db, { features: { benchmarks: false } });
    for (const path of ['/v1/benchmarks', `/v1/benchmarks/${RATE}`, '/v1/benchmarks/consent'])
      expect(await api.call('GET', path, tenant.keys.read)).toMatchObject({ status: 403, body: { code: 'feature-disabled' } });
    expect((await consent(tenant, true)).status).toBe(403);
  });
});

test('the catalogue shows each benchmark’s limits, and the list of builds has pages', async () => {
  const { body } = await api.call('GET', '/v1/benchmarks', outsider.keys.read);
  expect(body.data).toContainEqual(
    expect.objectContaining({ name: 'events.count', class: 'volume', rest_months: 3, largest_share: 0.25 }),
  );
  const first = await api.call('GET', '/v1/benchmarks/snapshots?limit=2', operator);
  expect(first.body.data).toHaveLength(2);
  const next = await api.call('GET', `/v1/benchmarks/snapshots?limit=2&cursor=${first.body.next_cursor}`, operator);
  expect(next.body.data[0].id).not.toBe(first.body.data[0].id);
});
