import { Writable } from 'node:stream';
import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { refreshRollups } from '../../jobs/metrics/refresh-rollups.ts';
import { measureObjectives } from '../../jobs/platform/measure-objectives.ts';
import { createProbe } from '../../jobs/platform/probe-platform.ts';
import { freePort } from '../../lib/embedded-postgres.ts';
import { withClient } from '../../sql/database/db.ts';
import { findCanaries } from '../../sql/tenants/canaries.ts';
import { type Json, useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, useDatabase } from '../../test/support/harness.ts';
import { OBJECTIVES } from './objectives.ts';

const MINUTE = 60_000;
const silent = pino({ level: 'silent' });
const config = { STORAGE_USD_PER_GB_MONTH: 0.08, RAW_RETENTION_DAYS: 90, AGGREGATE_RETENTION_DAYS: 730 };

let lines: Json[];

const db = await useDatabase();
const api = await useApi(db);
const operator = await makeOperatorKey(db);
const tenant = await makeTenant(db);
beforeEach(async () => {
  lines = [];
  await db.owner.query('delete from private.probes; delete from private.probe_totals; delete from private.objectives');
});

async function measure(settings = config): Promise<void> {
  const write = (line: unknown, _encoding: unknown, done: () => void) => {
    lines.push(JSON.parse(String(line)));
    done();
  };
  await measureObjectives({ pool: db.jobs, log: pino({}, new Writable({ write })), config: settings });
}

async function objectives(key = operator): Promise<Record<string, Json>> {
  const { status, body } = await api.call('GET', '/v1/objectives', key);
  expect(status).toBe(200);
  return Object.fromEntries(body.data.map((one: Json) => [one.name, one]));
}

/** Inserts probes of one kind, `every` minutes apart, ending now. Those younger than `badSince` minutes failed. */
async function fillProbes(probe: string, count: number, every: number, badSince = 0, ms = 5): Promise<void> {
  await db.owner.query(
    `insert into private.probes (probe, at, ok, milliseconds)
     select $1, now() - n * $3 * interval '1 minute' - interval '1 second', n * $3 >= $4, $5 from generate_series(0, $2::integer - 1) n`,
    [probe, count, every, badSince, ms],
  );
  await db.owner.query(
    `insert into private.probe_totals values ($1, $2, 0, now(), $3) on conflict (probe) do update set at = now()`,
    [probe, count, ms],
  );
}

test('before any measurement every objective is listed with its target only', async () => {
  const all = await objectives();
  expect(Object.keys(all).sort()).toEqual(Object.keys(OBJECTIVES).sort());
  for (const one of Object.values(all))
    expect(one).toMatchObject({
      target: expect.any(Number),
      measured: null,
      budget_left: null,
      status: 'unknown',
      alert: null,
    });
  expect(all.availability).toMatchObject({ target: 0.999, comparison: 'at least', window: 'P30D', unit: 'share' });
});

test('objectives about all tenants together are only for the operator', async () => {
  const forCustomer = Object.keys(await objectives(tenant.keys.read));
  expect(forCustomer).toContain('availability');
  expect(forCustomer).not.toContain('capacity.validations_per_day');
  expect(forCustomer).not.toContain('viewers.concurrent');
  expect(forCustomer).not.toContain('privacy.days_left');
});

describe('shares', () => {
  test('stay within their budget if no probe fails', async () => {
    await fillProbes('ready', 2000, 1);
    await fillProbes('arrival', 2000, 1, 0, 40);
    await measure();
    const { availability, 'data.freshness_p95': freshness } = await objectives();
    expect(availability).toMatchObject({
      measured: 1,
      status: 'met',
      budget_left: 1,
      error_budget: { total: 0.001, spent: 0, left: 0.001 },
      burn_rates: { '1h': 0, '6h': 0, '3d': 0 },
      alert: null,
    });
    expect(freshness).toMatchObject({ measured: 0.04, status: 'met', target: 300 });
    expect(lines).toEqual([]);
  });

  // Calculated by hand: of 1,000 probes, one a minute, the last 30 failed. One hour: 30/60 = 0.5, which is 500 budgets of
  // 0.001. Six hours:
  // 30/360, so 83.33. Three days: all 1,000, so 0.03, which is 30. The whole window has spent 0.03 of 0.001.
  test('burn as calculated by hand, are logged once, and recover', async () => {
    await fillProbes('ready', 1000, 1, 30);
    await measure();
    const { availability } = await objectives();
    expect(availability.burn_rates['1h']).toBeCloseTo(500, 9);
    expect(availability.burn_rates['6h']).toBeCloseTo((1000 * 30) / 360, 9);
    expect(availability.burn_rates['3d']).toBeCloseTo(30, 9);
    expect(availability).toMatchObject({ status: 'missed', budget_left: 0, alert: 'fast-burn' });
    expect(availability.measured).toBeCloseTo(0.97, 9);
    expect(availability.error_budget).toMatchObject({ total: 0.001, left: 0 });
    await measure();
    expect(lines).toEqual([expect.objectContaining({ level: 50, objective: 'availability', alert: 'fast-burn' })]);
    const text = await (await fetch(`${api.metricsUrl}/metrics`)).text();
    expect(text).toMatch(/^mirante_objective_burn_rate\{objective="availability",window="1h"\} 500/m);
    expect(text).toMatch(/^mirante_objective_alert\{objective="availability",alert="fast-burn"\} 1$/m);
    await db.owner.query("update private.probes set ok = true where at > now() - interval '25 minutes'");
    await measure();
    // In the last five minutes no probe failed. In the last 30 minutes 5 did, which is too many for the slow pair of windows.
    expect((await objectives()).availability.alert).toBe('slow-burn');
    await db.owner.query('update private.probes set ok = true');
    await measure();
    expect((await objectives()).availability).toMatchObject({ alert: null, alert_since: null });
    expect(lines.at(-1)).toMatchObject({ level: 30, objective: 'availability', alert: null });
  });

  test('at the threshold: 14.4 budgets of five per cent are 72 per cent', async () => {
    await fillProbes('ready', 100, 1);
    await fillProbes('arrival', 100, 1, 43, 40);
    await measure();
    // 43 of 60 are 71.7 %. In six hours 43 of 100 failed, which is 8.6 budgets.
    expect((await objectives())['data.freshness_p95']).toMatchObject({ alert: 'slow-burn' });
    await db.owner.query("update private.probes set ok = false where probe = 'arrival' and at > now() - interval '44 minutes'");
    await measure();
    expect((await objectives())['data.freshness_p95']).toMatchObject({ alert: 'fast-burn' });
  });

  test('of requests for dashboards come from the telemetry of the API', async () => {
    await db.owner.query(
      `insert into private.events (tenant_id, time, id, received_at, type, source, bytes, outcome, duration_ms, data)
       select t.id, now() - n * interval '3 minutes', gen_random_uuid(), now(), 'mirante.http.request.v1', 'mirante', 100, 'success',
           case when n % 10 = 0 then 4000 else 200 end, jsonb_build_object('route', case when n % 2 = 0 then '/dashboards/:slug' else '/v1/dashboards/:slug/cards/:card' end)
       from private.tenants t, generate_series(1, 400) n where t.kind = 'operations'`,
    );
    await db.owner.query(
      "insert into private.dirty_hours (hour) select date_trunc('hour', now(), 'UTC') - n * interval '1 hour' from generate_series(0, 22) n",
    );
    await refreshRollups({ pool: db.jobs, engine: db.engine, log: silent, clock: () => new Date() });
    await measure();
    const { 'dashboards.latency_p95': latency } = await objectives();
    expect(latency).toMatchObject({ status: 'missed', budget_left: 0 });
    expect(Math.abs(latency.measured / 4 - 1)).toBeLessThan(0.02);
    expect(latency.error_budget.spent).toBeCloseTo(0.1, 9);
    expect(latency.burn_rates['3d']).toBeCloseTo(2, 9);
  });

  test('are unknown after the probes or the measurements have stopped', async () => {
    await fillProbes('ready', 10, 1);
    await db.owner.query("update private.probe_totals set at = now() - interval '11 minutes'");
    await measure();
    expect((await objectives()).availability).toMatchObject({ status: 'unknown', measured: null });
    await db.owner.query('update private.probe_totals set at = now()');
    await measure();
    expect((await objectives()).availability.status).toBe('met');
    await db.owner.query("update private.objectives set known_until = now() - interval '1 second'");
    expect((await objectives()).availability).toMatchObject({
      status: 'unknown',
      measured: null,
      alert: null,
      measured_at: null,
    });
  });
});

describe('holdings', () => {
  test('a retention that is configured shorter, or has dropped more, is missed', async () => {
    await measure();
    expect((await objectives())['retention.raw']).toMatchObject({ measured: 90, status: 'met', budget_left: 1 });
    await db.owner.query('delete from private.objectives');
    await measure({ ...config, RAW_RETENTION_DAYS: 30 });
    expect((await objectives())['retention.raw']).toMatchObject({ measured: 30, status: 'missed', budget_left: 0 });
    await db.owner.query('delete from private.objectives');
    await db.owner.query("update storage.rollups set retained_from = now() - interval '400 days'");
    await measure();
    const { 'retention.raw': raw, 'retention.aggregates': aggregates } = await objectives();
    expect(raw.status).toBe('met');
    expect(aggregates.status).toBe('missed');
    expect(aggregates.measured).toBeCloseTo(400, 2);
    await db.owner.query("update storage.rollups set retained_from = '-infinity'");
  });

  test('the cost of a million events is unknown for few events, else as the formula says', async () => {
    await measure();
    expect((await objectives())['storage.cost_per_million_events'].status).toBe('unknown');
    await db.owner.query(
      `insert into private.events (tenant_id, time, id, received_at, type, source, bytes)
       select $1, date_trunc('hour', now()) - interval '1 minute', gen_random_uuid(), now(), 'x.v1', 'x', 100 from generate_series(1, 100000)`,
      [tenant.id],
    );
    await db.owner.query(
      "insert into private.dirty_hours (hour) values (date_trunc('hour', now(), 'UTC') - interval '1 hour')",
    );
    await refreshRollups({ pool: db.jobs, engine: db.engine, log: silent, clock: () => new Date() });
    await db.owner.query('delete from private.objectives');
    await measure({ ...config, STORAGE_USD_PER_GB_MONTH: 0.5 });
    const { rows } = await db.ops.query<Json>('select * from ops.storage_cost()');
    const { raw_bytes_per_event: raw, rollup_bytes_per_event: rollup } = rows[0];
    expect(raw).toBeGreaterThan(100);
    const usd = (1e6 * (raw * 90 + rollup * 730) * (12 / 365.25) * 0.5) / 1e9;
    const { 'storage.cost_per_million_events': cost } = await objectives();
    expect(cost.measured).toBeCloseTo(usd, 3);
    expect(cost.status).toBe(usd <= 0.1 ? 'met' : 'missed');
  });
});

describe('probes', () => {
  const probes = async () =>
    (await db.owner.query<Json>('select probe, ok, milliseconds, detail from private.probes order by at, probe')).rows;
  const probing = (apiUrl: string) => createProbe({ pool: db.jobs, log: silent, clock: () => new Date(), apiUrl });

  test('an event is sent and seen in a metric, repeatedly with one key, and its tenant is not named anywhere', async () => {
    const probe = probing(api.url);
    for (let round = 0; round < 3; round++) await probe();
    const taken = await probes();
    expect(taken.map(({ probe: name }: Json) => name).sort()).toEqual(
      ['arrival', 'ingest', 'query', 'ready'].flatMap((name) => [name, name, name]),
    );
    for (const one of taken) expect(one).toMatchObject({ ok: true, detail: null });
    await measure();
    const { availability, 'data.freshness_p95': freshness } = await objectives();
    expect([availability.status, freshness.status]).toEqual(['met', 'met']);
    expect(freshness.measured).toBeLessThan(10);
    const text = await (await fetch(`${api.metricsUrl}/metrics`)).text();
    expect(text).toMatch(/^mirante_probes_total\{probe="arrival"\} 3$/m);
    expect(text).toMatch(/^mirante_probe_failures_total\{probe="ready"\} 0$/m);
    expect(text).toMatch(/^mirante_probe_duration_seconds\{probe="arrival"\} [\d.e-]+$/m);
    expect(text).not.toContain('probe-');
  });

  test('keys are stored as hashes, expire, and are then deleted', async () => {
    const keys = async () =>
      (
        await db.owner.query<Json>(
          "select k.expires_at, k.scopes from private.api_keys k join private.tenants t on t.id = k.tenant_id where t.slug like 'probe-%'",
        )
      ).rows;
    await db.owner.query("delete from private.api_keys where name = 'probe'");
    await probing(api.url)();
    expect(await keys()).toEqual([{ expires_at: expect.any(Date), scopes: ['ingest', 'read'] }]);
    const [{ expires_at }] = (await keys()) as [Json];
    expect(expires_at.getTime()).toBeLessThan(Date.now() + 24 * 60 * MINUTE + 1000);
    await db.owner.query("update private.api_keys set expires_at = now() - interval '1 second' where name = 'probe'");
    const probe = probing(api.url);
    await probe();
    expect(await keys()).toHaveLength(1);
    // After an operator revokes the key, one round fails and the next uses a new key.
    const { body } = await api.call('GET', '/v1/tenants', operator);
    const { id } = body.data.find(({ slug }: Json) => slug.startsWith('probe-'));
    const [key] = (await api.call('GET', `/v1/tenants/${id}/keys`, operator)).body.data;
    expect((await api.call('DELETE', `/v1/tenants/${id}/keys/${key.id}`, operator)).status).toBe(204);
    await db.owner.query('delete from private.probes');
    await probe();
    expect((await probes()).map(({ ok }: Json) => ok)).toEqual([true, false, false]);
    await db.owner.query('delete from private.probes');
    await probe();
    expect((await probes()).every(({ ok }: Json) => ok)).toBe(true);
  });

  test('an API that does not answer fails the probes, not the round, and burns the budget', async () => {
    const port = await freePort();
    await probing(`http://127.0.0.1:${port}`)();
    expect(await probes()).toEqual(
      ['ready', 'ingest', 'query'].map((probe) => expect.objectContaining({ probe, ok: false, detail: 'ECONNREFUSED' })),
    );
    await measure();
    expect((await objectives()).availability).toMatchObject({
      measured: 0,
      status: 'missed',
      budget_left: 0,
      alert: 'fast-burn',
    });
    expect(lines).toContainEqual(expect.objectContaining({ level: 50, objective: 'availability', alert: 'fast-burn' }));
  });

  test('results that cannot be stored are stored later', async () => {
    const probe = probing(api.url);
    await db.owner.query('alter table private.probes rename to probes_away');
    await expect(probe()).rejects.toThrow();
    await db.owner.query('alter table private.probes_away rename to probes');
    expect(await probes()).toEqual([]);
    await probe();
    expect((await probes()).map((row: Json) => row.probe).sort()).toEqual([
      'arrival',
      'ingest',
      'ingest',
      'query',
      'query',
      'ready',
      'ready',
    ]);
  });

  test('the isolation audit has canaries of its own', async () => {
    await probing(api.url)();
    const found = await withClient(db.owner, findCanaries);
    const { body } = await api.call('GET', '/v1/tenants', operator);
    const canaries = body.data.filter(({ kind }: Json) => kind === 'canary');
    expect(canaries).toHaveLength(3);
    expect(canaries.filter(({ id }: Json) => !found.some((canary) => canary.id === id)).map(({ slug }: Json) => slug)).toEqual([
      expect.stringMatching(/^probe-/),
    ]);
  });

  test('canaries count in no metric of business or volume', async () => {
    await probing(api.url)();
    const window = [new Date(Date.now() - 60 * MINUTE), new Date(Date.now() + 60 * MINUTE)];
    const names = async (text: string) =>
      (await db.ops.query<Json>(text, window)).rows.map((row) => JSON.stringify(row)).join('\n');
    for (const text of [
      "select * from ops.activity($1, $2, 'total')",
      "select * from ops.ingest($1, $2, 'total')",
      'select * from ops.tenant_usage($1, $2)',
      "select * from ops.opens($1, $2, 'total')",
    ])
      expect(await names(text), text).not.toMatch(/canary|probe-/);
    const used = "select id, (now() at time zone 'UTC')::date - 2";
    await db.owner.query(`insert into private.dashboard_opens ${used}, 'latency', 'mirante', 4 from private.tenants`);
    await db.owner.query(`insert into private.dashboard_opens ${used}, 'latency', 'api', 9 from private.tenants`);
    await db.owner.query(`insert into private.feature_uses ${used}, 'benchmarks', 3 from private.tenants`);
    const text = await (await fetch(`${api.metricsUrl}/metrics`)).text();
    for (const [name, value] of Object.entries({
      week_dashboard_opens: 4,
      week_dashboard_tenants: 1,
      week_benchmark_reads: 3,
      week_benchmark_tenants_share: 1,
      week_shared_insights: 7,
    }))
      expect(text).toMatch(new RegExp(`^mirante_${name} ${value}$`, 'm'));
    const { rows } = await db.ops.query<Json>('select customers from ops.features($1, $2) limit 1', window);
    expect(rows[0].customers).toBe(1);
    const { body } = await api.call(
      'GET',
      '/v1/metrics/events.count?interval=hour&filter[type]=mirante.canary.v1',
      tenant.keys.read,
    );
    expect(body.data.every(({ value }: Json) => value === 0)).toBe(true);
  });
});

test('a privacy request close to its legal deadline misses its objective and is logged', async () => {
  await measure();
  expect((await objectives())['privacy.days_left']).toMatchObject({ measured: 15, status: 'met' });
  const who = await makeTenant(db);
  const body = { kind: 'access', subject: 'late' };
  const { id } = (await api.call('POST', '/v1/privacy/requests', who.keys.tenant_admin, body)).body;
  await measure();
  expect((await objectives())['privacy.days_left']).toMatchObject({ measured: expect.closeTo(15, 2), status: 'met' });
  const warned = () => lines.filter(({ msg }) => /^a legal deadline /.test(msg));
  expect(warned()).toEqual([]);
  await db.owner.query("update private.privacy_requests set due_at = now() + interval '2 days', attempts = 7 where id = $1", [
    id,
  ]);
  await measure();
  expect((await objectives())['privacy.days_left']).toMatchObject({ measured: expect.closeTo(2, 2), status: 'missed' });
  expect(warned()).toMatchObject([{ level: 50, tenant: who.id, request: id, kind: 'access', attempts: 7 }]);
  expect(
    (await (await fetch(`${api.metricsUrl}/metrics`)).text()).match(
      /mirante_objective_measured\{objective="privacy.days_left"\} (\S+)/,
    )?.[1],
  ).toMatch(/^1\.99|^2$/);
  await db.owner.query("update private.privacy_requests set status = 'completed' where id = $1", [id]);
  await api.call('DELETE', `/v1/tenants/${who.id}`, operator);
  await db.owner.query("update private.offboardings set requested_at = now() - interval '16 days' where tenant_id = $1", [
    who.id,
  ]);
  lines = [];
  await measure();
  expect((await objectives())['privacy.days_left']).toMatchObject({ measured: expect.closeTo(-1, 2), status: 'missed' });
  expect(warned()).toMatchObject([{ tenant: who.id, kind: 'removal' }]);
});
