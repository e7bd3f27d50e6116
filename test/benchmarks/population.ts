import { v7 as uuidv7 } from 'uuid';
import type { Pool } from '../../sql/database/db.ts';

/** What one unit contributes to a cohort: the arguments of private.judge_benchmarks(), which has all rules. */
export type Unit = { name: string; segment: string | null; figure: number; volume: number };

/** The result of one cohort, as all its members see it. */
export type Verdict = {
  cohort: string;
  outcome: string;
  size_band: string | null;
  p25: number | null;
  p50: number | null;
  p75: number | null;
};

/** Judges the contributions for one metric and period as a build does, but without roll-ups. */
export async function judge(
  owner: Pick<Pool, 'query'>,
  metric: string,
  period: string,
  units: Unit[],
  k = 10,
): Promise<Verdict[]> {
  const id = uuidv7();
  await owner.query("insert into private.benchmark_builds (id, metric, period, status) values ($1, $2, $3, 'completed')", [
    id,
    metric,
    period,
  ]);
  await owner.query(
    `select private.judge_benchmarks(b, $2, array(select sha256(convert_to(n, 'UTF8')) from unnest($3::text[]) n), $4, $5, $6)
     from private.benchmark_builds b where id = $1`,
    [
      id,
      k,
      units.map(({ name }) => name),
      units.map(({ segment }) => segment),
      units.map(({ figure }) => figure),
      units.map(({ volume }) => volume),
    ],
  );
  const { rows } = await owner.query<Verdict>(
    'select cohort, outcome, size_band, p25, p50, p75 from private.benchmark_snapshots where build_id = $1 order by dimension, cohort',
    [id],
  );
  return rows;
}

/** Units of equal volume, with evenly rising metrics. */
export function evenly(count: number, more: Partial<Unit> = {}, from = 0): Unit[] {
  return Array.from({ length: count }, (_, n) => ({
    name: `${more.segment ?? ''}${from + n}`,
    segment: null,
    figure: (from + n + 1) / 100,
    volume: 100,
    ...more,
  }));
}
