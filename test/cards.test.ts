import { pino } from 'pino';
import { beforeAll, describe, expect, test } from 'vitest';
import { variablesOf } from '../api/dashboards/card-query.ts';
import { createCards } from '../api/dashboards/cards.ts';
import { loadDashboards } from '../api/dashboards/dashboards.ts';
import type { Card, Dashboard } from '../api/dashboards/definition.ts';
import type { CardParameters } from '../api/dashboards/query.ts';
import { createAnswers } from '../api/http/answers.ts';
import { checkDataQuality } from '../jobs/metrics/check-data-quality.ts';
import { runReconcile } from '../jobs/metrics/reconcile.ts';
import { refreshRollups } from '../jobs/metrics/refresh-rollups.ts';
import { measureObjectives } from '../jobs/platform/measure-objectives.ts';
import { noteOpened } from '../sql/dashboards/opens.ts';
import { fillPlatform, fillTenant } from './support/filled.ts';
import { makeOperatorKey, makeTenant, type TestTenant, useDatabase } from './support/harness.ts';

type Row = Record<string, unknown>;

const HOUR = 3_600_000;
const NOW = Math.floor(Date.now() / HOUR) * HOUR + HOUR;
const DASHBOARDS = [...loadDashboards().values()];
const CARDS = DASHBOARDS.flatMap((dashboard) =>
  dashboard.cards.map((card): [string, Dashboard, Card] => [`${dashboard.slug}/${card.name}`, dashboard, card]),
);
const CUSTOMERS = CARDS.filter(([, { audience }]) => audience === 'customer');
const OTHERS = CARDS.filter(([, { audience }]) => audience !== 'customer');
const isNarrowedBy = ({ sql }: Card, name: string) =>
  variablesOf(sql.replace(/\{\{(grant|from|to|interval)\}\}/g, '')).includes(name);
const NARROWED = CARDS.filter(([, { parameters }, card]) => parameters.some(({ name }) => isNarrowedBy(card, name)));
// A new database has no compressed chunks.
const ALWAYS_EMPTY = ['storage-and-cost/compression'];

/** The ten days up to the end of the current hour, plus one step before them for trends. */
const WINDOW = {
  from: new Date(NOW - 240 * HOUR).toISOString(),
  to: new Date(NOW).toISOString(),
  interval: 'day',
} as CardParameters;
const LONG_AGO = { ...WINDOW, from: '2020-01-01T00:00:00Z', to: '2020-02-01T00:00:00Z' } as CardParameters;

let read: (tenant: Pick<TestTenant, 'id'>, path: string, asked?: CardParameters) => Promise<Row[]>;

const db = await useDatabase();
await makeOperatorKey(db);
const acme = await makeTenant(db, { slug: 'acme', timezone: 'America/Sao_Paulo', locale: 'pt-BR' });
const rival = await makeTenant(db, { slug: 'rival' });
const quiet = await makeTenant(db, { slug: 'quiet' });
await db.owner.query(`update storage.rollups set materialised_to = date_trunc('day', now() - interval '30 days', 'UTC')`);
await fillTenant(db, acme, 'acme', 600, new Date(NOW));
await fillTenant(db, rival, 'rival', 500, new Date(NOW));
await fillPlatform(db, rival, new Date(NOW));
const log = pino({ level: 'silent' });
const jobs = { pool: db.jobs, engine: db.engine, log, clock: () => new Date() };
await refreshRollups(jobs);
await checkDataQuality(jobs);
await runReconcile({ ...jobs, config: { AGGREGATE_RETENTION_DAYS: 730 } });
const config = { STORAGE_USD_PER_GB_MONTH: 0.08, RAW_RETENTION_DAYS: 90, AGGREGATE_RETENTION_DAYS: 730 };
await measureObjectives({ pool: db.jobs, log, config });

beforeAll(async () => {
  read = async (tenant, path, asked = WINDOW) => {
    const [, dashboard, card] = CARDS.find(([name]) => name === path) as [string, Dashboard, Card];
    // No answer is cached from one test to the next.
    return (await createCards(db, createAnswers()).read({ tenantId: tenant.id, timezone: 'UTC' }, dashboard, card, asked)).rows;
  };
});

const truth = async (text: string, values: unknown[] = []): Promise<Row> =>
  (await db.owner.query<Row>(text, values)).rows[0] as Row;
const sum = (rows: Row[], column: string) => rows.reduce((total, row) => total + Number(row[column]), 0);
const isBlank = (row: Row, { columns }: Card) =>
  columns.every(({ name, format }) => ['time', 'instant', 'text'].includes(format) || row[name] === null || row[name] === 0);

describe.each(CUSTOMERS)('%s', (path, _, card) => {
  test('returns each tenant its own rows, with the declared columns', async () => {
    for (const [tenant, own, other] of [
      [acme, 'acme', 'rival'],
      [rival, 'rival', 'acme'],
    ] as const) {
      const rows = await read(tenant, path);
      expect(rows.length, own).toBeGreaterThan(0);
      expect(Object.keys(rows[0] as Row)).toEqual(card.columns.map(({ name }) => name));
      expect(rows.every((row) => isBlank(row, card))).toBe(false);
      expect(JSON.stringify(rows)).not.toContain(other);
      expect(JSON.stringify(rows)).not.toContain(tenant === acme ? rival.id : acme.id);
    }
  });

  test('returns no rows if there is no data', async () => {
    for (const rows of [await read(quiet, path), await read(acme, path, LONG_AGO)]) {
      expect(rows.length).toBeLessThanOrEqual(card.display === 'trend' ? 2 : 0);
      for (const row of rows) expect(isBlank(row, card)).toBe(true);
    }
  });
});

describe.each(OTHERS)('%s', (path, _, card) => {
  test('returns operations rows with the declared columns, and no content of an event', async () => {
    const rows = await read(quiet, path);
    expect(rows.length > 0).toBe(!ALWAYS_EMPTY.includes(path));
    if (rows[0]) expect(Object.keys(rows[0])).toEqual(card.columns.map(({ name }) => name));
    expect(JSON.stringify(rows)).not.toMatch(/-shop-|-rule-|\.other\.v1/);
    expect((await read(quiet, path, LONG_AGO)).length).toBeLessThanOrEqual(20);
  });
});

test.each(NARROWED)('each choice narrows %s', async (path, { parameters, audience }, card) => {
  const tenant = audience === 'customer' ? acme : quiet;
  for (const parameter of parameters) {
    if (!('values' in parameter) || !isNarrowedBy(card, parameter.name)) continue;
    const offered = await read(tenant, `${path.split('/')[0]}/${parameter.values.card}`);
    expect(offered.length, parameter.name).toBeGreaterThan(1);
    const whole = await read(tenant, path);
    const parts = await Promise.all(
      offered.map((row) => read(tenant, path, { ...WINDOW, [parameter.name]: row[parameter.values.column] } as CardParameters)),
    );
    expect(
      parts.some((part) => JSON.stringify(part) !== JSON.stringify(whole)),
      parameter.name,
    ).toBe(true);
    const none = await read(tenant, path, { ...WINDOW, [parameter.name]: 'no such thing' } as CardParameters);
    expect(
      none.every((row) => isBlank(row, card)),
      parameter.name,
    ).toBe(true);
  }
});

const OF_ACME = 'tenant_id = $1 and time >= $2 and time < $3';
const ACME = () => [acme.id, WINDOW.from, WINDOW.to];
const VALIDATION = "type = 'br.validahub.validation.completed.v1'";
const CORRECTION = "type = 'br.validahub.correction.applied.v1'";

describe('metrics of a customer agree with its raw events', () => {
  test('validations, in the window and in the period before', async () => {
    const query = `select count(*) as validations, sum((data ->> 'rows')::int) as rows, sum((data ->> 'errors')::int) as errors,
        count(*) filter (where outcome = 'failure')::float / count(*) as error_rate from private.events where ${OF_ACME} and ${VALIDATION}`;
    const now = await truth(query, ACME());
    const before = await truth(query, [acme.id, new Date(NOW - 480 * HOUR), WINDOW.from]);
    expect(now.validations).toBeGreaterThan(300);
    for (const [path, figure] of [
      ['validations-overview/validations-trend', 'validations'],
      ['validations-overview/rows-trend', 'rows'],
      ['validations-overview/error-rate-trend', 'error_rate'],
      ['error-patterns/errors-trend', 'errors'],
    ] as const) {
      const rows = await read(acme, path);
      expect(
        rows.map(({ period }) => (period as Date).getTime()),
        path,
      ).toEqual([NOW - 480 * HOUR, NOW - 240 * HOUR]);
      expect(rows[0]?.[figure], path).toBeCloseTo(Number(before[figure]), 6);
      expect(rows[1]?.[figure], path).toBeCloseTo(Number(now[figure]), 6);
    }
    const volume = await read(acme, 'validations-overview/volume');
    expect([sum(volume, 'validations'), sum(volume, 'succeeded') + sum(volume, 'failed')]).toEqual([
      now.validations,
      now.validations,
    ]);
    expect(sum(await read(acme, 'validations-overview/marketplaces'), 'validations')).toBe(now.validations);
    const [{ share }] = (
      await db.owner.query(
        `select count(*) filter (where outcome = 'failure')::float / count(*) as share
        from private.events where ${OF_ACME} and ${VALIDATION} and data ->> 'marketplace' = 'acme-shop-0'`,
        ACME(),
      )
    ).rows as [Row];
    const chosen = await read(acme, 'validations-overview/error-rate-trend', {
      ...WINDOW,
      marketplace: 'acme-shop-0',
    } as CardParameters);
    expect(chosen[1]?.error_rate).toBeCloseTo(Number(share), 6);
  });

  test('rules, corrections and time per validation', async () => {
    const { hits } = await truth(`select sum(hits) as hits from private.rule_hits where ${OF_ACME}`, ACME());
    expect(sum(await read(acme, 'error-patterns/top-rules'), 'hits')).toBe(hits);
    expect(sum(await read(acme, 'error-patterns/rules-by-marketplace'), 'hits')).toBe(hits);
    const { corrections } = await truth(
      `select count(*) as corrections from private.events where ${OF_ACME} and ${CORRECTION}`,
      ACME(),
    );
    for (const card of ['corrections', 'corrected-rules'])
      expect(sum(await read(acme, `error-patterns/${card}`), 'corrections')).toBe(corrections);
    const { p95 } = await truth(
      `select percentile_disc(0.95) within group (order by duration_ms) as p95 from private.events where ${OF_ACME} and ${VALIDATION}`,
      ACME(),
    );
    const [, trend] = await read(acme, 'validations-overview/duration-trend');
    expect(Math.abs(Number(trend?.p95) / Number(p95) - 1)).toBeLessThan(0.02);
  });

  test('comparisons with other tenants cover the last whole week in UTC', async () => {
    const week = (await truth(
      "select date_trunc('week', now(), 'UTC') - interval '7 days' as since, date_trunc('week', now(), 'UTC') as until",
    )) as Row;
    const of = await truth(
      `select percentile_disc(0.95) within group (order by duration_ms) as p95,
           (count(*) filter (where outcome = 'failure' and ${VALIDATION}))::float / count(*) filter (where ${VALIDATION}) as error_rate,
           1000.0 * count(*) filter (where ${CORRECTION}) / sum((data ->> 'rows')::int) filter (where ${VALIDATION}) as corrections
       from private.events where ${OF_ACME}`,
      [acme.id, week.since, week.until],
    );
    expect(Math.abs(Number((await read(acme, 'benchmarks/duration'))[0]?.own) / Number(of.p95) - 1)).toBeLessThan(0.02);
    expect((await read(acme, 'benchmarks/corrections'))[0]?.own).toBeCloseTo(Number(of.corrections), 6);
    expect((await read(acme, 'benchmarks/error-rate'))[0]?.own).toBeCloseTo(Number(of.error_rate), 6);
    expect(await read(acme, 'benchmarks/error-rate-group')).toMatchObject([
      { p25: null, p50: null, p75: null, cohort: null, reason: 'Sua organização não participa.' },
    ]);
    expect(await read(rival, 'benchmarks/error-rate-group')).toMatchObject([
      { reason: 'Your organisation does not take part.' },
    ]);
  });

  test('hours of the week, in the tenant’s zone and language', async () => {
    const { rows } = await db.owner.query<Row>(
      `select extract(isodow from time at time zone 'America/Sao_Paulo')::int as day, to_char(time at time zone 'America/Sao_Paulo', 'HH24') as hour,
           sum((data ->> 'errors')::int) as errors, count(*) as validations
       from private.events where ${OF_ACME} and ${VALIDATION} group by 1, 2`,
      ACME(),
    );
    const week = await read(acme, 'error-patterns/week');
    const names = ['seg', 'ter', 'qua', 'qui', 'sex', 'sáb', 'dom'];
    expect(week).toHaveLength(168);
    expect([...new Set(week.map(({ weekday }) => weekday))]).toEqual(names);
    expect(week.slice(0, 24).map(({ hour }) => Number(hour))).toEqual(Array.from({ length: 24 }, (_, hour) => hour));
    for (const { day, hour, errors, validations } of rows) {
      const cell = week.find((one) => one.weekday === names[Number(day) - 1] && one.hour === hour);
      expect(cell, `${day} ${hour}`).toMatchObject({ errors, validations });
    }
    expect((await read(rival, 'error-patterns/week'))[0]?.weekday).toBe('Mon');
  });

  test('volume, freshness and refused input', async () => {
    const { events, bytes } = await truth(
      `select count(*) as events, sum(bytes) as bytes from private.events where ${OF_ACME}`,
      ACME(),
    );
    expect(sum(await read(acme, 'data-volume/events'), 'events')).toBe(events);
    expect(sum(await read(acme, 'data-volume/bytes'), 'bytes')).toBe(bytes);
    const { rows: newest } = await db.owner.query(
      `select distinct on (type) type, time as last_event_at, received_at as arrived_at from private.events where tenant_id = $1 order by type, time desc`,
      [acme.id],
    );
    const fresh = await read(acme, 'data-volume/freshness');
    expect(fresh).toHaveLength(3);
    for (const one of newest) expect(fresh).toContainEqual(expect.objectContaining(one));
    const refused = await truth(
      `select count(*) as refused, count(*) filter (where replayed_at is null) as waiting from private.quarantine
       where tenant_id = $1 and received_at >= $2 and received_at < $3`,
      ACME(),
    );
    const byReason = await read(acme, 'data-volume/refused');
    expect({ refused: sum(byReason, 'refused'), waiting: sum(byReason, 'waiting') }).toEqual(refused);
    const share = Number(refused.refused) / (Number(refused.refused) + Number(events));
    expect((await read(acme, 'data-volume/refused-share'))[0]?.share).toBeCloseTo(share, 6);
  });
});

describe('metrics of operations agree with the tables', () => {
  test('requests and their latency, in total and by route', async () => {
    const { rows } = await db.owner.query<Row>(
      `select data ->> 'route' as route, count(*) as requests, count(*) filter (where outcome = 'failure') as failures,
           percentile_disc(0.95) within group (order by duration_ms) as p95,
           count(*) filter (where duration_ms <= 1000)::float / count(*) as quick
       from private.events where type = 'mirante.http.request.v1' and time >= $1 and time < $2 group by grouping sets ((1), ())`,
      [WINDOW.from, WINDOW.to],
    );
    const routes = rows.filter(({ route }) => route !== null);
    const all = rows.find(({ route }) => route === null) as Row;
    const slowest = await read(quiet, 'latency/slowest-routes');
    expect(slowest.map(({ route, requests }) => [route, requests]).sort()).toEqual(
      routes.map(({ route, requests }) => [route, requests]).sort(),
    );
    const [, trend] = await read(quiet, 'latency/p95-trend');
    expect(Math.abs(Number(trend?.p95) / Number(all.p95) - 1)).toBeLessThan(0.02);
    expect(sum(await read(quiet, 'latency/bands'), 'requests')).toBe(all.requests);
    const counts = await read(quiet, 'errors-and-throughput/throughput');
    expect([sum(counts, 'answered') + sum(counts, 'failures'), sum(counts, 'failures')]).toEqual([all.requests, all.failures]);
    expect(Math.abs(Number((await read(quiet, 'latency/within-a-second'))[0]?.share) - Number(all.quick))).toBeLessThan(0.02);
  });

  test('tenants, ingestion, storage and queues', async () => {
    const { rows } = await db.owner.query<Row>(
      `select t.slug as tenant, count(*) as events, sum(e.bytes) as bytes from private.events e join private.tenants t on t.id = e.tenant_id
       where e.time >= $1 and e.time < $2 and t.kind = 'customer' group by 1 order by 2 desc`,
      [WINDOW.from, WINDOW.to],
    );
    expect(await read(quiet, 'tenants/busiest')).toEqual(rows.map(({ tenant, events }) => ({ tenant, events })));
    const tenants = await read(quiet, 'tenants/tenants');
    for (const row of rows) expect(tenants).toContainEqual(expect.objectContaining(row));
    expect(await read(quiet, 'tenants/silent')).toMatchObject([{ tenant: 'quiet', events_30_days: 0 }]);
    expect(await read(quiet, 'tenants/quotas')).toMatchObject([{ tenant: 'acme', events_per_month: 10_000 }]);
    const customers = (await read(quiet, 'ingest-and-queues/per-second')).filter(({ kind }) => kind === 'customer');
    expect(sum(customers, 'events')).toBe(sum(rows, 'events'));
    const stored = await truth('select count(*) as events from private.events');
    const [perEvent] = await read(quiet, 'storage-and-cost/bytes-per-event');
    const [total] = await read(quiet, 'storage-and-cost/total');
    expect(Number(perEvent?.bytes_per_event) * Number(stored.events)).toBeCloseTo(Number(total?.bytes), 0);
    const cost = await truth('select raw_bytes_per_event as raw, rollup_bytes_per_event as rollup from ops.storage_cost()');
    expect((await read(quiet, 'storage-and-cost/cost'))[0]?.usd).toBeCloseTo(
      ((Number(cost.raw) * 90 + Number(cost.rollup) * 730) * 12 * 0.08) / 365.25 / 1000,
      9,
    );
    expect(sum(await read(quiet, 'storage-and-cost/parts'), 'parts')).toBeGreaterThan(3);
    expect(Number((await read(quiet, 'ingest-and-queues/queues'))[0]?.age)).toBeGreaterThan(19);
  });

  test('alerts by state', async () => {
    expect(await read(quiet, 'ingest-and-queues/alert-rules')).toEqual([
      { state: 'unknown', rules: 2, tenants: 1 },
      { state: 'off', rules: 1, tenants: 1 },
    ]);
    const byKind = await read(quiet, 'ingest-and-queues/alert-attempts');
    expect(byKind).toMatchObject([
      { kind: 'email', status: 'delivered', deliveries: 2, attempts: 5, oldest_seconds: null },
      { kind: 'email', status: 'waiting', deliveries: 1, attempts: 1 },
      { kind: 'webhook', status: 'delivered', deliveries: 2, attempts: 5, oldest_seconds: null },
      { kind: 'webhook', status: 'waiting', deliveries: 1, attempts: 1 },
    ]);
    expect(Number(byKind[1]?.oldest_seconds)).toBeGreaterThan(3599);
    expect(sum(await read(quiet, 'ingest-and-queues/alert-deliveries'), 'deliveries')).toBe(6);
  });

  test('the lag is the age of the oldest hour that waits for a refresh', async () => {
    expect(await read(quiet, 'ingest-and-queues/waiting-hours')).toEqual([{ waiting_hours: 0 }]);
    await db.owner.query('insert into private.dirty_hours (hour) values ($1), ($1)', [new Date(NOW - 5 * HOUR)]);
    const [refresh] = await read(quiet, 'ingest-and-queues/refresh');
    expect(refresh).toMatchObject({ waiting_hours: 1, watermark: new Date(NOW - 5 * HOUR) });
    expect(Number(refresh?.lag_seconds)).toBeGreaterThan(4 * 3600 - 1);
    await db.owner.query('delete from private.dirty_hours');
  });

  test('opened dashboards, and features', async () => {
    expect(await read(quiet, 'business/surfaces')).toEqual([
      { surface: 'mirante', opens: 5 },
      { surface: 'metabase', opens: 2 },
    ]);
    expect(await read(quiet, 'business/tenants')).toEqual([
      { tenant: 'acme', opens: 4, dashboards: 2 },
      { tenant: 'rival', opens: 3, dashboards: 1 },
    ]);
    expect(await read(quiet, 'business/features')).toContainEqual({
      feature: 'dashboards',
      customers: 3,
      switched_on: 3,
      used_by: 2,
    });
    expect(await read(quiet, 'business/features')).toContainEqual({
      feature: 'benchmarks',
      customers: 3,
      switched_on: 3,
      used_by: 2,
    });
    await expect(noteOpened(db.api, acme.id, 'Not a slug', 'mirante')).rejects.toMatchObject({ code: '23514' });
  });
});
