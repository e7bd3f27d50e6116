import fc from 'fast-check';
import { type Client, withTransaction } from '../../sql/database/db.ts';
import type { TestDatabase } from '../support/harness.ts';

/** One unit over time: `figures` and `volumes` by period, null if it does not take part. */
export type Actor = { segment: string | null; figures: (number | null)[]; volumes: number[] };

/** Complete input, which determines what is published. The first `sybils` actors are the attacker's. */
export type World = { metric: string; k: number; periods: number; sybils: number; actors: Actor[] };

/**
 * Everything published of a world, over all periods and cohorts, with the codes of suppressed results. An attacker with a
 * tenant in each cohort sees all of it.
 */
export type Publish = (world: World) => Promise<string>;

/** Publishes a world by the rules in the database, from the first period to the last, and rolls everything back. */
export function byTheRules(db: TestDatabase): Publish {
  return (world) =>
    withTransaction(db.owner, 'begin', async (client) => {
      const published = await judgeAll(client, world);
      throw new Done(published);
    }).catch((error: unknown) => {
      if (error instanceof Done) return error.published;
      throw error;
    });
}

// A failed transaction is rolled back.
class Done extends Error {
  readonly published: string;
  constructor(published: string) {
    super('rolled back');
    this.published = published;
  }
}

async function judgeAll(client: Client, { metric, k, periods, actors }: World): Promise<string> {
  await client.query('truncate private.benchmark_panels');
  const rounds = Array.from({ length: periods }, (_, t) => ({
    period: `p${t}`,
    units: actors.flatMap(({ segment, figures, volumes }, n) =>
      figures[t] === null ? [] : [{ name: `u${n}`, segment, figure: figures[t], volume: volumes[t] }],
    ),
  }));
  await client.query(
    `with asked as materialized (
       insert into private.benchmark_builds (id, metric, period, status)
       select gen_random_uuid(), $1, r ->> 'period', 'completed' from jsonb_array_elements($2::jsonb) r
       returning *
     ) select count(*) from asked`,
    [metric, JSON.stringify(rounds)],
  );
  await client.query(
    `select private.judge_benchmarks(b, $3, u.members, u.segments, u.figures, u.volumes)
     from (
       select r ->> 'period' as period, n, r -> 'units' as units from jsonb_array_elements($2::jsonb) with ordinality r (r, n) order by n
     ) r
       join private.benchmark_builds b on b.metric = $1 and b.period = r.period
       cross join lateral (
         select coalesce(array_agg(sha256(convert_to(e ->> 'name', 'UTF8'))), '{}') as members,
             coalesce(array_agg(e ->> 'segment'), '{}') as segments,
             coalesce(array_agg((e ->> 'figure')::double precision), '{}') as figures,
             coalesce(array_agg((e ->> 'volume')::double precision), '{}') as volumes
         from jsonb_array_elements(r.units) e
       ) u
     order by r.n`,
    [metric, JSON.stringify(rounds), k],
  );
  const { rows } = await client.query(
    `select period, cohort, outcome, size_band, p25, p50, p75 from private.benchmark_snapshots
     where metric = $1 and period = any ($2) order by period, dimension, cohort`,
    [metric, rounds.map(({ period }) => period)],
  );
  return JSON.stringify(rows);
}

/** Publishes naively: every present unit is counted, from k units on, rounded. It shows that the attacks can succeed. */
export const naively: Publish = async ({ periods, actors, k }) => {
  const lines = Array.from({ length: periods }, (_, t) => {
    const there = actors.filter(({ figures }) => figures[t] !== null);
    const segments = [...new Set(there.map(({ segment }) => segment))].filter((segment) => segment !== null).sort();
    return [undefined, ...segments].map((segment) => {
      const values = there
        .filter((one) => segment === undefined || one.segment === segment)
        .map(({ figures }) => figures[t] as number);
      return values.length < k ? 'GROUP_TOO_SMALL' : Number(middle(values).toPrecision(2));
    });
  });
  return JSON.stringify(lines);
};

function middle(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] as number) + (sorted[Math.floor(half)] as number)) / 2;
}

const METRICS = {
  'validations.error_rate': { least: 0.001, most: 0.9 },
  'latency.p95': { least: 5, most: 60_000 },
  'validations.count': { least: 10, most: 5_000 },
};

/**
 * Random worlds: about 10 to 40 units in segments, which join and leave. Metrics stay the same, which makes comparisons of
 * periods most revealing, or change. Up to k − 1 units are the attacker's, which may report any value, and leave and return
 * at any time.
 */
export const worlds = fc
  .record({
    metric: fc.constantFrom(...(Object.keys(METRICS) as (keyof typeof METRICS)[])),
    k: fc.constantFrom(5, 10),
    periods: fc.integer({ min: 2, max: 7 }),
    honest: fc.oneof(fc.constant(1), fc.integer({ min: 2, max: 4 }), fc.integer({ min: 5, max: 30 })),
    segments: fc.integer({ min: 0, max: 3 }),
    steady: fc.boolean(),
    restless: fc.constantFrom(0, 0.02, 0.1, 0.3),
    greedy: fc.constantFrom(true, true, false),
    giant: fc.boolean(),
    reach: fc.constantFrom(0.03, 0.3, 1),
    seed: fc.integer(),
  })
  .map(({ metric, k, periods, honest, segments, steady, restless, greedy, giant, reach, seed }): World => {
    const random = generator(seed);
    const { least, most } = METRICS[metric];
    const sybils = greedy ? k - 1 : Math.floor(random() * k);
    const draw = () => least * (most / least) ** random();
    // Half of the attacker's metrics are below the first victim's and half above, closely or not, so the victim's is the
    // median.
    const target = draw();
    const beside = (n: number) => target * Math.exp((n % 2 === 0 ? 1 : -1) * random() * reach);
    const actors = Array.from({ length: sybils + honest }, (_, n) => {
      const isSybil = n < sybils;
      const own = n === sybils ? target : draw();
      const volume = (10 + Math.floor(random() ** 3 * 2000)) * (giant && n === sybils ? 40 : 1);
      const comes = isSybil || random() < 0.8 ? 0 : Math.floor(random() * periods);
      const leaves = isSybil || random() < 0.9 ? periods : Math.floor(random() * periods) + 1;
      const figures = Array.from({ length: periods }, (_, t) => {
        if (t < comes || t >= leaves || random() < (isSybil ? restless / 5 : restless)) return null;
        if (isSybil) return random() < 0.9 ? beside(n) : draw();
        return steady ? own : draw();
      });
      const volumes = figures.map((figure) => (metric === 'validations.count' ? (figure ?? 0) : volume));
      const isClose = isSybil ? random() < 0.9 : n === sybils;
      const segment = segments === 0 ? null : `s${isClose ? 0 : Math.floor(random() * segments)}`;
      return { segment, figures, volumes };
    });
    return { metric, k, periods, sybils, actors };
  });

// Mulberry32, because fast-check shrinks and repeats by its seed.
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
