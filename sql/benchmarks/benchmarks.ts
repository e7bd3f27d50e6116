import { v7 as uuidv7 } from 'uuid';
import type { Client, Pool } from '../database/db.ts';

/** A metric that can be compared across tenants. The view private.benchmarks declares them. */
export type Benchmark = {
  metric: string;
  unit: string;
  description: string;
  class: 'operational' | 'volume';
  least_volume: number;
  rest_months: number;
  largest_share: number;
  two_largest_share: number;
};

/** One tenant's value and its cohort's. If `suppressed` has a reason, the cohort's values are null. */
export type BenchmarkAnswer = {
  metric: string;
  period: string;
  unit: string;
  own: number | null;
  cohort: string | null;
  size_band: string | null;
  p25: number | null;
  p50: number | null;
  p75: number | null;
  suppressed: string | null;
  rules: string | null;
  minimum: number | null;
};

export type Consent = { accepted: boolean; text_version: string; at: Date };

export type BenchmarkBuild = {
  id: string;
  metric: string;
  period: string;
  status: 'queued' | 'completed';
  requested_at: Date;
  completed_at: Date | null;
};

/** The verdict on one cohort. `input_changed`: whether the input of a cohort that was released earlier has changed since. */
export type BenchmarkOutcome = {
  dimension: string;
  cohort: string;
  outcome: string;
  size_band: string | null;
  rules: string;
  minimum: number;
  built_at: string;
  input_changed: boolean | null;
};

export async function listBenchmarks(pool: Pool): Promise<Benchmark[]> {
  return (await pool.query<Benchmark>('select * from door.benchmarks()')).rows;
}

/** The value of this transaction's tenant and its cohort's; without a period, of the newest one that it can see. */
export async function readBenchmark(client: Client, metric: string, period: string | undefined): Promise<BenchmarkAnswer> {
  const { rows } = await client.query<BenchmarkAnswer>('select * from door.benchmark_answer($1, $2)', [metric, period ?? null]);
  return rows[0] as BenchmarkAnswer;
}

/** Opts the tenant of this transaction in or out, from now on. */
export async function addConsent(client: Client, tenantId: string, accepted: boolean, textVersion: string): Promise<void> {
  await client.query('insert into app.benchmark_consents (id, tenant_id, accepted, text_version) values ($1, $2, $3, $4)', [
    uuidv7(),
    tenantId,
    accepted,
    textVersion,
  ]);
}

/** All consent decisions of this transaction's tenant, newest first. */
export async function listConsents(client: Client): Promise<Consent[]> {
  const { rows } = await client.query<Consent>(
    'select accepted, text_version, at from app.benchmark_consents order by at desc, id desc',
  );
  return rows;
}

export async function askForBenchmark(client: Client, metric: string, period: string): Promise<BenchmarkBuild> {
  const { rows } = await client.query<BenchmarkBuild>('select * from door.ask_for_benchmark($1, $2, $3)', [
    uuidv7(),
    metric,
    period,
  ]);
  return rows[0] as BenchmarkBuild;
}

/** Requests, newest first, each with the verdicts on its cohorts. `cursor_time` keeps every digit. */
export async function listBenchmarkBuilds(
  pool: Pool,
  page: { before?: [time: string, id: string] | undefined; limit: number },
): Promise<(BenchmarkBuild & { outcomes: BenchmarkOutcome[]; cursor_time: string })[]> {
  const [time = null, id = null] = page.before ?? [];
  const { rows } = await pool.query<BenchmarkBuild & { outcomes: BenchmarkOutcome[]; cursor_time: string }>(
    'select *, requested_at::text as cursor_time from door.benchmark_builds(null, $1, $2, $3)',
    [time, id, page.limit],
  );
  return rows;
}

export async function findBenchmarkBuild(
  pool: Pool,
  id: string,
): Promise<(BenchmarkBuild & { outcomes: BenchmarkOutcome[] }) | undefined> {
  const { rows } = await pool.query<BenchmarkBuild & { outcomes: BenchmarkOutcome[] }>(
    'select * from door.benchmark_builds($1, null, null, 1)',
    [id],
  );
  return rows[0];
}

/** Requests all snapshots that are due. This and the next two need an owner's connection. */
export async function askForDueBenchmarks(pool: Pool): Promise<void> {
  await pool.query('select private.ask_for_due_benchmarks()');
}

/** Requests that have not been served, oldest first. */
export async function queuedBenchmarks(pool: Pool): Promise<Pick<BenchmarkBuild, 'id' | 'metric' | 'period'>[]> {
  const { rows } = await pool.query<Pick<BenchmarkBuild, 'id' | 'metric' | 'period'>>(
    "select id, metric, period from private.benchmark_builds where status = 'queued' order by requested_at",
  );
  return rows;
}

/** Serves one request, in one transaction. If two try at once, the second finds it served. */
export async function buildBenchmark(pool: Pool, id: string, minimum: number): Promise<void> {
  await pool.query('select private.build_benchmark($1, $2)', [id, minimum]);
}
