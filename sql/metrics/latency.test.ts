import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';
import { signGrant } from '../dashboards/grants.ts';
import { withTenant } from '../database/db.ts';
import { copyRows } from '../exports/rows.ts';
import { findMetric, type Metric } from './catalogue.ts';
import { readMetric } from './metrics.ts';

const G = 1.04;
const MAX_ERROR = (G - 1) / (G + 1);

const db = await useDatabase();

test("a bin's estimate is within 1.97 % of every duration in it, even at both ends of the double precision range", async () => {
  const ends = [0, 5e-324, 1e-323, 2.5e-308, 0.001, 1, 1.04, 250, 86_400_000, 1e308, Number.MAX_VALUE];
  const steps = Array.from({ length: 4_000 }, (_, n) => Math.exp(-744 + n * 0.3634));
  const durations = [...ends, ...steps];
  const { rows } = await db.owner.query<{ bin: number; estimate: number }>(
    `select private.latency_bin(d) as bin, private.latency_estimate(private.latency_bin(d)) as estimate
     from unnest($1::double precision[]) with ordinality u (d, n) order by n`,
    [durations],
  );
  rows.forEach(({ estimate }, index) => {
    const duration = durations[index] as number;
    // Subnormal doubles have fewer digits than that.
    const precision = Math.max(duration * (MAX_ERROR + 1e-12), 5e-324);
    expect(Math.abs(estimate - duration), `${duration} became ${estimate}`).toBeLessThanOrEqual(precision);
  });
});

test('every bin is accepted, even one that no duration has: an import may contain it', async () => {
  const { rows } = await db.owner.query<{ estimate: number | null }>(
    'select private.latency_estimate(b::smallint) as estimate from unnest($1::integer[]) b',
    [[-32_768, -32_767, -18_981, 18_098, 32_767, null]],
  );
  expect(rows.map(({ estimate }) => estimate)).toEqual([0, 5e-324, 5e-324, Number.MAX_VALUE, Number.MAX_VALUE, null]);
});

test.each([
  ['the longest', Number.MAX_VALUE],
  ['the shortest', 5e-324],
  ['no', 0],
  ['an ordinary', 250],
])('cards, exports and the API say the same of %s duration', async (_, duration) => {
  const { id } = await makeTenant(db);
  const hour = Math.floor(Date.now() / 3600_000) * 3600_000;
  await db.owner.query(
    `insert into private.events (tenant_id, time, id, received_at, type, source, bytes, duration_ms)
     values ($1, $2, gen_random_uuid(), now(), 'a.b.v1', 'test', 1, $3)`,
    [id, new Date(hour), duration],
  );
  const [from, to] = [new Date(hour).toISOString(), new Date(hour + 3600_000).toISOString()];

  const { rows } = await readMetric(db.api, id, {
    metric: findMetric('latency.p95') as Metric,
    window: { from: hour * 1000, to: (hour + 3600_000) * 1000 },
    interval: 'total',
    zone: 'UTC',
    groupBy: [],
    filters: [],
  });
  const value = rows[0]?.value as number;
  expect(Math.abs(value - duration)).toBeLessThanOrEqual(duration * MAX_ERROR * 1.000001);

  const grant = await withTenant(db.api, id, (client) => signGrant(client, new Date(Date.now() + 3600_000)));
  const card = await db.metabase.query<{ p95: number }>("select p95 from bi.latency($1, $2, $3, 'total')", [grant, from, to]);
  expect(card.rows).toEqual([{ p95: value }]);

  const exported = await withTenant(db.api, id, async (client) => {
    const selection = { dataset: 'metrics' as const, from, to, filter: { metric: 'latency.p95' } };
    return JSON.parse(await text(copyRows(client, selection, { format: 'ndjson' }, undefined)));
  });
  expect(exported).toMatchObject({ metric: 'latency.p95', value });
});
