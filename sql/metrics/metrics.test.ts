import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';
import { refreshRollup } from '../storage/engine.ts';
import { findMetric, METRICS, type Metric } from './catalogue.ts';
import { type MetricRow, type Question, readMetric } from './metrics.ts';
import { DAY, HOUR, INTERVALS, type Interval, timestamp } from './windows.ts';

type Event = {
  tenant: string;
  time: number;
  type: string;
  outcome: string | null;
  duration: number | null;
  bytes: number;
  data: {
    route?: string;
    marketplace?: string;
    rule?: string;
    rows?: unknown;
    errors?: unknown;
    rules?: Record<string, number>;
  };
};

const at = (text: string) => Date.parse(text) * 1000;
// The nights when São Paulo skipped midnight and London changed its clocks, with days around them.
const SPANS = [at('2018-10-31T00:00:00Z'), at('2025-03-26T00:00:00Z'), at('2025-10-23T00:00:00Z')].map((from) => ({
  from,
  to: from + 7 * DAY,
}));
const ZONES = ['America/Sao_Paulo', 'Europe/London', 'UTC'];
const TYPES = [
  'mirante.http.request.v1',
  'br.validahub.validation.completed.v1',
  'br.validahub.correction.applied.v1',
  'a.b.v1',
];
const RULES = ['sku-missing', 'price', 'título'];

let events: Event[];
const tenants: { id: string; zone: string }[] = [];

const db = await useDatabase();

beforeAll(async () => {
  for (const zone of ZONES) tenants.push({ id: (await makeTenant(db, { timezone: zone })).id, zone });
  events = fc.sample(eventArbitrary(), { numRuns: 2_500, seed: 7 });
  await store(events);
  await db.owner.query('update storage.rollups set materialised_to = $1', [timestamp((SPANS[0] as { from: number }).from)]);
});

function instantArbitrary(span: { from: number; to: number }): fc.Arbitrary<number> {
  const hour = fc.integer({ min: 0, max: 167 }).map((hours) => span.from + hours * HOUR);
  const nudge = fc.constantFrom(0, 0, 0, -1, 1);
  return fc.oneof(
    fc.tuple(hour, nudge).map(([start, by]) => Math.max(span.from, start + by)),
    fc.integer({ min: 0, max: 7 * DAY - 1 }).map((offset) => span.from + offset),
  );
}

function eventArbitrary(): fc.Arbitrary<Event> {
  const few = (...values: (string | undefined)[]) => fc.constantFrom(...values);
  const duration = fc.oneof(
    fc.double({ min: 0, max: 2_000, noNaN: true }),
    fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0, 5e-324, 1, 1.04, 259, Number.MAX_VALUE, null),
  );
  const amount = fc.oneof(fc.nat(5_000), fc.constantFrom<unknown>(undefined, 'many', -3, 2.5, 1e15));
  return fc.record({
    tenant: fc.constantFrom(...tenants.map(({ id }) => id)),
    time: fc.constantFrom(...SPANS).chain(instantArbitrary),
    type: fc.constantFrom(...TYPES),
    outcome: fc.constantFrom('success', 'failure', null),
    duration,
    bytes: fc.nat(65_536),
    data: fc.record(
      {
        route: few('/v1/events', 'x'.repeat(300)),
        marketplace: few('mercado', 'amazon'),
        rule: few(...RULES),
        rows: amount,
        errors: amount,
        rules: fc.dictionary(fc.constantFrom(...RULES), fc.nat(9)),
      },
      { requiredKeys: ['rules'] },
    ) as fc.Arbitrary<Event['data']>,
  });
}

async function store(rows: Event[]): Promise<void> {
  for (const table of ['events', 'rule_hits']) {
    for (const { from, to } of SPANS)
      await db.owner.query('select storage.make_partitions($1, $2, $3)', [table, timestamp(from), timestamp(to)]);
  }
  const list = JSON.stringify(rows.map((row) => ({ ...row, time: timestamp(row.time), id: randomUUID() })));
  await db.owner.query(
    `with incoming as (
       select * from jsonb_to_recordset($1) as e (tenant uuid, time timestamptz, id uuid, type text, outcome text,
         duration double precision, bytes integer, data jsonb)
     ), stored as (
       insert into private.events (tenant_id, time, id, received_at, type, source, outcome, duration_ms, bytes, data)
       select tenant, time, id, time, type, 'test', outcome, duration, bytes, data from incoming
     )
     insert into private.rule_hits (tenant_id, time, id, rule, marketplace, hits)
     select tenant, time, id, r.key, data ->> 'marketplace', r.value::bigint
     from incoming, jsonb_each(data -> 'rules') r where type = 'br.validahub.validation.completed.v1'`,
    [list],
  );
}

async function refresh(until: number): Promise<void> {
  const { rows } = await db.owner.query<{ name: string; width: string }>(
    'select name, extract(epoch from width)::int as width from storage.rollups order by width',
  );
  const client = await db.owner.connect();
  for (const { name, width } of rows) {
    const [step, since] = [Number(width) * 1_000_000, SPANS[0]?.from as number];
    const end = Math.floor(until / step) * step;
    await refreshRollup(client, db.engine, name, new Date(since / 1000), new Date(end / 1000));
    await client.query('update storage.rollups set materialised_to = $2 where name = $1', [name, timestamp(end)]);
  }
  client.release();
}

// The expected answers, computed from the raw events alone.
type Fact = { time: number; dims: Record<string, string | null>; event: Event; hits: number };

function facts(metric: Metric, tenant: string): Fact[] {
  const only = { events: null, latency: null, validations: TYPES[1], rules: TYPES[1], corrections: TYPES[2] }[metric.source];
  return events
    .filter((event) => event.tenant === tenant && (!only || event.type === only))
    .filter((event) => metric.source !== 'latency' || event.duration !== null)
    .flatMap((event) => {
      const route = event.type === TYPES[0] ? (event.data.route?.slice(0, 200) ?? null) : null;
      const dims = { type: event.type, outcome: event.outcome, route, marketplace: event.data.marketplace ?? null };
      if (metric.source !== 'rules')
        return [{ time: event.time, dims: { ...dims, rule: event.data.rule ?? null }, event, hits: 0 }];
      return Object.entries(event.data.rules ?? {}).map(([rule, hits]) => ({
        time: event.time,
        dims: { ...dims, rule },
        event,
        hits,
      }));
    });
}

const sane = (value: unknown) =>
  typeof value === 'number' ? Math.min(Math.max(Math.sign(value) * Math.round(Math.abs(value)), 0), 1e12) : 0;
const sum = (list: Fact[], of: (fact: Fact) => number) => list.reduce((total, fact) => total + of(fact), 0);
const ratio = (part: number, whole: number) => (whole === 0 ? null : part / whole);

function figureOf(metric: Metric, list: Fact[]): number | null {
  const [object, figure] = metric.name.split('.');
  if (figure === 'error_rate') {
    const failed = list.filter(({ event }) => event.outcome === 'failure').length;
    return ratio(failed, list.filter(({ event }) => event.outcome !== null).length);
  }
  if (figure === 'row_error_rate')
    return ratio(
      sum(list, ({ event }) => sane(event.data.errors)),
      sum(list, ({ event }) => sane(event.data.rows)),
    );
  if (figure === 'volume') return sum(list, ({ event }) => event.bytes);
  if (figure === 'rows') return sum(list, ({ event }) => sane(event.data.rows));
  if (figure === 'by_rule') return sum(list, ({ hits }) => hits);
  if (object === 'latency' && figure !== 'count') {
    const sorted = list.map(({ event }) => event.duration as number).sort((a, b) => a - b);
    return sorted[Math.ceil((sorted.length * Number(figure?.slice(1))) / 100) - 1] ?? null;
  }
  return list.length;
}

// Local dates by Intl, because the code under test uses another library.
function keyOf(time: number, interval: Interval, zone: string): string {
  if (interval === 'total') return 'total';
  if (interval === 'hour') return String(Math.floor(time / HOUR));
  const date = new Intl.DateTimeFormat('sv-SE', { timeZone: zone }).format(Math.floor(time / 1000));
  if (interval === 'month') return date.slice(0, 7);
  if (interval === 'day') return date;
  const day = Date.parse(date) / 86_400_000;
  return String(Math.floor((day + 3) / 7));
}

const groupKey = (bucket: string, dims: (string | null)[]) => JSON.stringify([bucket, ...dims]);

function truth(question: Question, tenant: string): Map<string, number | null> {
  const groups = new Map<string, Fact[]>();
  for (const fact of facts(question.metric, tenant)) {
    if (fact.time < question.window.from || fact.time >= question.window.to) continue;
    if (question.filters.some(({ dim, values }) => !values.includes(fact.dims[dim] ?? null))) continue;
    const dims = question.groupBy.map((dim) => fact.dims[dim] ?? null);
    const key = groupKey(keyOf(fact.time, question.interval, question.zone), dims);
    groups.set(key, [...(groups.get(key) ?? []), fact]);
  }
  return new Map([...groups].map(([key, list]) => [key, figureOf(question.metric, list)]));
}

function questionArbitrary(zone: string): fc.Arbitrary<Question> {
  const values: Record<string, string[]> = {
    type: TYPES,
    route: ['/v1/events'],
    rule: RULES,
    marketplace: ['amazon'],
    outcome: ['failure'],
  };
  return fc
    .record({ metric: fc.constantFrom(...METRICS), interval: fc.constantFrom(...INTERVALS) })
    .chain(({ metric, interval }) => {
      const one = fc.constantFrom(...SPANS).chain((span) => fc.tuple(instantArbitrary(span), instantArbitrary(span)));
      const any = fc.tuple(
        fc.constantFrom(...SPANS).chain(instantArbitrary),
        fc.constantFrom(...SPANS).chain(instantArbitrary),
      );
      const filter = fc.constantFrom(...metric.dims).chain((dim) =>
        fc.record({
          dim: fc.constant(dim),
          values: fc.subarray([null, ...(values[dim] as string[]), 'none'], { minLength: 1, maxLength: 3 }),
        }),
      );
      return fc.record({
        metric: fc.constant(metric),
        interval: fc.constant(interval),
        zone: fc.constant(zone),
        window: (interval === 'hour' ? one : fc.oneof(one, any)).map(([a, b]) => ({
          from: Math.min(a, b),
          to: Math.max(a, b) + 1,
        })),
        groupBy: fc.subarray([...metric.dims]),
        filters: fc.oneof(fc.constant([]), fc.tuple(filter)),
      });
    });
}

async function compare(question: Question, tenant: string): Promise<void> {
  const expected = truth(question, tenant);
  const { rows } = await readMetric(db.api, tenant, question);
  const found = new Map(
    rows.map((row) => [groupKey(keyOf(row.bucket.getTime() * 1000, question.interval, question.zone), row.dims), row.value]),
  );
  expect(found.size).toBe(rows.length);
  for (const [key, value] of found) expectClose(question.metric, value, expected.get(key) ?? question.metric.empty);
  for (const key of expected.keys()) expect(found.has(key)).toBe(true);
  const times = rows.map((row) => row.bucket.getTime());
  expect(times).toEqual([...times].sort((a, b) => a - b));
}

function expectClose(metric: Metric, value: number | null, exact: number | null): void {
  if (value === null || exact === null || metric.unit !== 'ms') {
    if (metric.unit === 'ratio' && exact !== null) expect(value).toBeCloseTo(exact, 12);
    else expect(value).toBe(exact);
  } else {
    expect(Math.abs(value - exact)).toBeLessThanOrEqual(exact * 0.02);
  }
}

const STAGES = [
  { name: 'before any refresh', until: undefined },
  { name: 'refreshed up to the middle of a day', until: at('2025-10-26T13:00:00Z') },
  { name: 'refreshed whole', until: at('2025-11-01T00:00:00Z') },
];

describe.each(STAGES)('metrics equal those counted from raw events, $name', ({ until }) => {
  beforeAll(async () => {
    if (until) await refresh(until);
  });
  test.each(ZONES)(
    '%s',
    async (zone) => {
      const tenant = tenants.find((one) => one.zone === zone) as { id: string };
      await fc.assert(
        fc.asyncProperty(questionArbitrary(zone), (question) => compare(question, tenant.id)),
        { numRuns: 40 },
      );
    },
    60_000,
  );
});

describe('buckets', () => {
  const ask = async (interval: Interval, zone: string, from: string, to: string): Promise<MetricRow[]> => {
    const tenant = tenants.find((one) => one.zone === zone) as { id: string };
    const question = {
      metric: findMetric('events.count') as Metric,
      interval,
      zone,
      window: { from: at(from), to: at(to) },
      groupBy: [],
      filters: [],
    };
    return (await readMetric(db.api, tenant.id, question)).rows;
  };
  const starts = (rows: MetricRow[]) => rows.map(({ bucket }) => bucket.toISOString());

  test('days on which clocks change have 23 or 25 hours', async () => {
    expect(starts(await ask('day', 'Europe/London', '2025-03-29T12:00:00Z', '2025-03-31T12:00:00Z'))).toEqual([
      '2025-03-29T00:00:00.000Z',
      '2025-03-30T00:00:00.000Z',
      '2025-03-30T23:00:00.000Z',
    ]);
    expect(starts(await ask('day', 'Europe/London', '2025-10-25T12:00:00Z', '2025-10-27T12:00:00Z'))).toEqual([
      '2025-10-24T23:00:00.000Z',
      '2025-10-25T23:00:00.000Z',
      '2025-10-27T00:00:00.000Z',
    ]);
    expect(starts(await ask('day', 'America/Sao_Paulo', '2018-11-03T12:00:00Z', '2018-11-05T12:00:00Z'))).toEqual([
      '2018-11-03T03:00:00.000Z',
      '2018-11-04T03:00:00.000Z',
      '2018-11-05T02:00:00.000Z',
    ]);
  });

  test('an empty window has one zero per bucket, and weeks begin on Monday', async () => {
    const rows = await ask('week', 'UTC', '2030-01-02T00:00:00Z', '2030-01-15T00:00:00Z');
    expect(starts(rows)).toEqual(['2029-12-31T00:00:00.000Z', '2030-01-07T00:00:00.000Z', '2030-01-14T00:00:00.000Z']);
    expect(rows.map(({ value }) => value)).toEqual([0, 0, 0]);
  });
});

test('a limit keeps the greatest groups of each bucket, greatest first', async () => {
  const metric = findMetric('validations.by_rule') as Metric;
  const tenant = tenants[2] as { id: string };
  const window = { from: SPANS[0]?.from as number, to: SPANS[2]?.to as number };
  const question: Question = { metric, interval: 'total', zone: 'UTC', window, groupBy: ['rule'], filters: [] };
  const all = [...truth(question, tenant.id).values()].sort((a, b) => (b ?? 0) - (a ?? 0));
  const { rows } = await readMetric(db.api, tenant.id, { ...question, limit: 2 });
  expect(rows.map(({ value }) => value)).toEqual(all.slice(0, 2));
});

test('a tenant without events sees nothing of others', async () => {
  const lonely = await makeTenant(db);
  const window = { from: SPANS[0]?.from as number, to: (SPANS[2]?.to as number) + 1 };
  for (const metric of METRICS) {
    const { rows } = await readMetric(db.api, lonely.id, {
      metric,
      interval: 'total',
      zone: 'UTC',
      window,
      groupBy: [],
      filters: [],
    });
    expect(rows.map(({ value }) => value)).toEqual([metric.empty]);
  }
});

test('a day whose hours were refreshed before the day itself is answered by its hours: no negative values, no shifted values', async () => {
  const zone = 'America/Sao_Paulo';
  const { id } = await makeTenant(db, { timezone: zone });
  const span = SPANS[2] as { from: number; to: number };
  await refresh(span.to);
  // Two hours into a UTC day, which is still the evening before in São Paulo.
  const late = span.from + 3 * DAY + 2 * HOUR;
  const event = { tenant: id, type: 'late.v1', outcome: null, duration: null, bytes: 1, data: {} };
  await store([{ ...event, time: late }]);
  await db.owner.query('insert into private.dirty_hours (tenant_id, hour, events) values ($1, $2, 1)', [id, timestamp(late)]);
  const client = await db.owner.connect();
  const [from, to] = [new Date(late / 1000), new Date(late / 1000 + 3_600_000)];
  await refreshRollup(client, db.engine, 'events_hourly', from, to, true);
  client.release();
  const metric = findMetric('events.count') as Metric;
  const question: Question = { metric, window: span, interval: 'day', zone, groupBy: [], filters: [] };
  const counts = async () => (await readMetric(db.api, id, question)).rows.filter(({ value }) => value !== 0);
  const right = [{ bucket: new Date((span.from + 2 * DAY + 3 * HOUR) / 1000), dims: [], value: 1 }];
  expect(await counts()).toEqual(right);
  await refresh(span.to);
  await db.owner.query('delete from private.dirty_hours where tenant_id = $1', [id]);
  expect(await counts()).toEqual(right);
});

test('where hours have left and days have not, the window is reported as incomplete', async () => {
  const { id } = await makeTenant(db, { timezone: 'America/Sao_Paulo' });
  const span = SPANS[1] as { from: number; to: number };
  const since = new Date((span.from + 2 * DAY) / 1000);
  const metric = findMetric('events.count') as Metric;
  const ask = async (interval: Interval, from: number) =>
    (
      await readMetric(db.api, id, {
        metric,
        window: { from, to: span.to },
        interval,
        zone: 'America/Sao_Paulo',
        groupBy: [],
        filters: [],
      })
    ).hoursSince;
  await db.owner.query("update storage.rollups set retained_from = $1 where name = 'events_hourly'", [since]);
  try {
    expect(await ask('day', span.from)).toEqual(since);
    expect(await ask('hour', span.from)).toEqual(since);
    expect(await ask('total', span.from)).toBeNull();
    expect(await ask('day', span.from + 3 * DAY)).toBeNull();
  } finally {
    await db.owner.query("update storage.rollups set retained_from = '-infinity' where name = 'events_hourly'");
  }
});
