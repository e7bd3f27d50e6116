import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildDueBenchmarks } from '../../jobs/benchmarks/build.ts';
import { refreshRollups } from '../../jobs/metrics/refresh-rollups.ts';
import { makeTenant, useDatabase } from '../support/harness.ts';

const TENANTS = 64;
const SEGMENTS = ['retail', 'food', 'farms'];

type Snapshot = { metric: string; period: string; cohort: string; p25: number | null; p50: number; p75: number | null };

const db = await useDatabase();
const folder = mkdtempSync(join(tmpdir(), 'mirante-duckdb-'));

beforeAll(async () => {
  const ids = [];
  for (let n = 0; n < TENANTS; n++) {
    // The last two are siblings, and the one before has very few events.
    const attributes = { segment: SEGMENTS[n % 3] as string, ...(n >= TENANTS - 2 && { group: 'siblings', segment: 'food' }) };
    ids.push((await makeTenant(db, { attributes })).id);
  }
  await db.owner.query("select storage.make_partitions('events', now() - interval '210 days', now())");
  await db.owner.query(
    `insert into private.benchmark_consents (id, tenant_id, accepted, text_version)
     select gen_random_uuid(), id, true, '1' from unnest($1::uuid[]) id`,
    [ids],
  );
  // Enough for every unit to reach the minimum volume in every week: then all are counted in every period, and panels do not
  // matter.
  await db.owner.query(
    `insert into private.events (tenant_id, time, id, received_at, type, source, bytes, outcome, duration_ms, data)
     select t.id, now() - (92 * (e % 2) + 63 * random()) * interval '1 day', gen_random_uuid(), now(),
         (array['br.validahub.validation.completed.v1', 'br.validahub.correction.applied.v1', 'other.v1'])[1 + e % 3], 'x', 10,
         case when e % 3 = 1 then null when random() < 0.02 + t.n / 80.0 then 'failure' else 'success' end,
         case when e % 3 <> 1 then exp(4 + 2 * random() + t.n / 30.0) end,
         jsonb_build_object('marketplace', 'm' || e % 2, 'rows', 10 + e % 90, 'errors', (e * t.n) % 5, 'rule', 'r')
     from unnest($1::uuid[]) with ordinality t (id, n), generate_series(1, case t.n when $2 - 2 then 20 else 1800 end) e`,
    [ids, TENANTS],
  );
  await db.owner.query(
    "insert into private.dirty_hours (hour) select generate_series(date_trunc('hour', now()) - interval '205 days', now(), '1 hour')",
  );
  const [log, config] = [pino({ level: 'silent' }), { BENCHMARK_MIN_CONTRIBUTORS: 10 }];
  const deps = { pool: db.jobs, engine: db.engine, log, config, clock: () => new Date() };
  await refreshRollups(deps);
  await buildDueBenchmarks(deps);
}, 120_000);
afterAll(async () => {
  rmSync(folder, { recursive: true });
});

/** Metrics of a unit in a period, from its raw events. */
const FIGURES: Record<string, string> = {
  'events.count': 'count(*)',
  'events.error_rate': "count(*) filter (outcome = 'failure') / count(outcome)",
  'validations.count': 'count(*) filter (v)',
  'validations.error_rate': "count(*) filter (v and outcome = 'failure') / count(outcome) filter (v)",
  'validations.row_error_rate': 'sum(errors) filter (v) / sum("rows") filter (v)',
  'latency.p50': 'quantile_disc(duration_ms, 0.50)',
  'latency.p95': 'quantile_disc(duration_ms, 0.95)',
  'latency.p99': 'quantile_disc(duration_ms, 0.99)',
  'corrections.per_thousand_rows': '1000 * count(*) filter (c) / sum("rows") filter (v)',
};
const VOLUMES: Record<string, string> = {
  events: 'count(outcome)',
  validations: 'count(*) filter (v)',
  corrections: 'count(*) filter (v)',
  latency: 'count(duration_ms)',
};

test('an independent computation from raw events agrees with every released result', async () => {
  const { rows: events } = await db.owner.query(
    `select coalesce(t.attributes ->> 'group', t.id::text) as unit, t.attributes ->> 'segment' as segment,
         (extract(epoch from e.time) * 1000)::bigint as ms, e.type, e.outcome, e.duration_ms, e.data -> 'rows' as rows, e.data -> 'errors' as errors
     from private.events e join private.tenants t on t.id = e.tenant_id`,
  );
  const file = join(folder, 'events.ndjson');
  writeFileSync(file, events.map((row) => JSON.stringify(row)).join('\n'));
  const duckdb = await (await DuckDBInstance.create()).connect();
  await duckdb.run(`create table events as select *, make_timestamp(ms * 1000) as happened,
      type = 'br.validahub.validation.completed.v1' as v, type = 'br.validahub.correction.applied.v1' as c
    from read_json('${file}', columns = {unit: 'varchar', segment: 'varchar', ms: 'bigint', type: 'varchar', outcome: 'varchar',
      duration_ms: 'double', "rows": 'bigint', errors: 'bigint'}, format = 'newline_delimited')`);

  const { rows: released } = await db.owner.query<Snapshot>(
    "select metric, period, cohort, p25, p50, p75 from private.benchmark_snapshots where outcome = 'released'",
  );
  expect(new Set(released.map(({ metric }) => metric))).toEqual(new Set(Object.keys(FIGURES)));
  expect(new Set(released.map(({ cohort }) => cohort))).toEqual(new Set(['all', ...SEGMENTS]));
  expect(new Set(released.map(({ period }) => period.length))).toEqual(new Set([7, 8]));
  for (const { metric, period, cohort, p25, p50, p75 } of released) {
    const format = period.includes('W') ? '%G-W%V' : '%Y-%m';
    const volume = metric === 'events.count' ? 'count(*)' : VOLUMES[metric.split('.')[0] as string];
    const answer = await duckdb.runAndReadAll(`
      select count(*), quantile_cont(figure, 0.25), quantile_cont(figure, 0.5), quantile_cont(figure, 0.75)
      from (select unit, ${FIGURES[metric]}::double as figure from events
        where strftime(happened, '${format}') = '${period}' and ('${cohort}' = 'all' or segment = '${cohort}')
        group by unit having ${volume} >= 10)`);
    const [count, ...quartiles] = (answer.getRows()[0] ?? []).map(Number) as [number, number, number, number];
    const what = `${metric} ${period} ${cohort}`;
    expect(p25 === null, what).toBe(count < 20);
    for (const [n, figure] of [p25, p50, p75].entries()) {
      if (figure === null) continue;
      const exact = quartiles[n] as number;
      const step = /rate$/.test(metric) ? 0.01 : 10 ** (Math.floor(Math.log10(exact)) - 1);
      // Durations are counted in bins with an error of 2 %.
      const slack = step * 0.5000001 + (metric.startsWith('latency') ? 0.02 * exact : 0);
      expect(Math.abs(figure - exact), `${what}: ${figure} for ${exact}`).toBeLessThanOrEqual(slack);
    }
  }
  expect(released.length).toBeGreaterThan(50);
});
