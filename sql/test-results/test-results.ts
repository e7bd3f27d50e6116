import type { Client, Pool } from '../database/db.ts';
import type { Finding } from '../imports/imports.ts';
import type { Scan } from './markr.ts';

/** How the best of several scans of one student is found; the default first. docs/test-scores.md explains them. */
export const TEST_POLICIES = ['lexicographic.v1', 'max-each.v1'] as const;

/** Name and version of what reads the documents. The version is raised when it would read other scans. */
export const MARKR = { name: 'markr', version: 1, mediaType: 'text/xml+markr' } as const;

/** Scans as the arrays that SQL takes: students, tests, available, obtained, times. */
export const arraysOf = (scans: readonly Scan[]) => [
  scans.map(({ student }) => student),
  scans.map(({ test }) => test),
  scans.map(({ available }) => available),
  scans.map(({ obtained }) => obtained),
  scans.map(({ scannedAt }) => scannedAt),
];

/** Adds scans of a document and merges them into the results, as the owner. Repeating it changes nothing. Returns how many results changed. */
export async function addScans(
  pool: Pool,
  tenantId: string,
  importId: string,
  scans: readonly Scan[],
  first: number,
  policy: string | null,
): Promise<number> {
  const { rows } = await pool.query<{ changed: number }>(
    'select private.add_test_scans($1, $2, $3, $4, $5, $6, $7, $8, $9) as changed',
    [tenantId, importId, first, ...arraysOf(scans), policy],
  );
  return (rows[0] as { changed: number }).changed;
}

/**
 * Ends the reading of a document that a request read itself, under its lease: with the scans, with the fault for which it is refused, or,
 * if the request did not read it, by leaving it to the importers. Returns how many results changed; undefined if the lease is lost.
 */
export async function settleScans(
  client: Client,
  importId: string,
  claim: string,
  read: { scans: readonly Scan[]; findings: Finding[]; fault?: Finding } | undefined,
): Promise<number | undefined> {
  const { scans = [], findings = [], fault } = read ?? {};
  const { rows } = await client.query<{ changed: number | null }>(
    'select door.settle_test_results($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) as changed',
    [
      importId,
      claim,
      ...arraysOf(scans),
      read ? (fault ? 'rejected' : 'imported') : 'stored',
      MARKR.name,
      MARKR.version,
      JSON.stringify(fault ? [fault] : findings),
    ],
  );
  return rows[0]?.changed ?? undefined;
}

/** Figures of one test, in percent of the marks available in it. */
export type TestFigures = {
  mean: number;
  stddev: number;
  min: number;
  max: number;
  p25: number;
  p50: number;
  p75: number;
  count: number;
};

// Marks are few whole numbers, so they are counted before anything is sorted. Percentiles are interpolated as percentile_cont() does.
const percentile = (name: string, share: number) => `(
    select (low + (high - low) * (place - floor(place))) * 100 / available
    from (select min(mark) filter (where reached > floor(place)) as low, min(mark) filter (where reached > ceil(place)) as high,
              max(place) as place, max(available) as available
          from (select r.*, ${share}::double precision * (r.count - 1) as place from reached r where r.test_id = t.test_id) r
          group by r.place) p
  ) as ${name}`;

const FIGURES = `reached as (
    select test_id, obtained_points as mark, count(*) as results, max(max(available_points)) over test::double precision as available,
        sum(count(*)) over (test order by obtained_points) as reached, sum(count(*)) over test as count
    from app.student_test_results where test_id = any ($1) group by test_id, obtained_points window test as (partition by test_id)
  ), tests as (
    select test_id, max(count) as count, max(available) as available, sum(mark * results) / max(count) as mean, min(mark) as min, max(mark) as max
    from reached group by test_id
  )
  select t.test_id, t.count, t.mean * 100 / t.available as mean, t.min * 100 / t.available as min, t.max * 100 / t.available as max,
    (select sqrt(sum(r.results * (r.mark - t.mean) ^ 2) / t.count) * 100 / t.available from reached r where r.test_id = t.test_id) as stddev,
    ${percentile('p25', 0.25)}, ${percentile('p50', 0.5)}, ${percentile('p75', 0.75)}`;

/** Figures of tests of the tenant of this transaction, by id; tests without results are missing. */
export async function figuresOf(client: Client, tests: readonly string[]): Promise<Map<string, TestFigures>> {
  const { rows } = await client.query<TestFigures & { test_id: string }>(`with ${FIGURES} from tests t`, [tests]);
  return new Map(rows.map(({ test_id, ...figures }) => [test_id, figures]));
}

/** A test of a tenant, and by which policy its results are found. */
export type Test = { test_id: string; policy: string };

/** Tests of the tenant of this transaction that have results, by id. */
export async function listTests(client: Client, after: string | undefined, limit: number): Promise<Test[]> {
  const { rows } = await client.query<Test>(
    `select test_id, policy from app.tests t
     where ($1::text is null or test_id > $1) and exists (select from app.student_test_results r where r.test_id = t.test_id)
     order by test_id limit $2`,
    [after ?? null, limit],
  );
  return rows;
}

/** Whether the tenant of this transaction has results of any test. */
export async function hasTestResults(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>('select exists (select from app.student_test_results) as found');
  return rows[0]?.found === true;
}
