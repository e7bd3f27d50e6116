import { type Pool, withTransaction } from '../database/db.ts';
import type { Scan } from './markr.ts';
import { arraysOf } from './test-results.ts';

type Run = { id: string; tenantId: string; policy: string | null };

/** A result that reading again changes: before and after, of the newest document that it came from. */
export type ChangedResult = {
  kind: 'added' | 'changed' | 'removed';
  importId: string;
  key: string;
  before: object | null;
  after: object | null;
};

/** Forgets what an earlier attempt of a run has staged. */
export async function beginReplay(pool: Pool, runId: string): Promise<void> {
  await pool.query('delete from private.replayed_scans where run_id = $1', [runId]);
}

/** Keeps scans of a document that a run reads again. */
export async function stageScans(pool: Pool, run: Run, importId: string, scans: readonly Scan[], first: number): Promise<void> {
  await pool.query(
    `insert into private.replayed_scans (tenant_id, run_id, import_id, number, student_id, test_id, available, obtained, scanned_at)
     select $1, $2, $3, $4::integer + u.n - 1, u.student, u.test, u.available, u.obtained, u.time
     from unnest($5::text[], $6::text[], $7::integer[], $8::integer[], $9::timestamptz[]) with ordinality u (student, test, available, obtained, time, n)`,
    [run.tenantId, run.id, importId, first, ...arraysOf(scans)],
  );
}

const MARKS = (row: string) =>
  `${row}.available_points, ${row}.obtained_points, ${row}.date_of_test, ${row}.origins_import_vault`;
const AS_JSON = (
  row: string,
) => `case when ${row}.student_id is not null then jsonb_build_object('student_id', ${row}.student_id, 'test_id', ${row}.test_id,
    'available_points', ${row}.available_points, 'obtained_points', ${row}.obtained_points, 'date_of_test', ${row}.date_of_test,
    'origins_import_vault', to_jsonb(${row}.origins_import_vault)) end`;

/**
 * Replaces the scans of the documents by those that were staged, judges their tests again, by the run's policy if it has one, and returns
 * what that changes. A dry run does the same and takes it back, so that it shows exactly what the other does.
 */
export async function finishReplay(
  pool: Pool,
  { id, tenantId, policy }: Run,
  documents: readonly string[],
  isDryRun: boolean,
): Promise<ChangedResult[]> {
  return withTransaction(pool, 'begin', async (client) => {
    const { rows: found } = await client.query<{ test_id: string }>(
      `select test_id from private.replayed_scans where run_id = $1
       union select test_id from private.test_scans where tenant_id = $2 and import_id = any ($3)`,
      [id, tenantId, documents],
    );
    const tests = found.map(({ test_id }) => test_id);
    await client.query('savepoint before_run');
    await client.query('select private.hold_tests($1, $2, $3)', [tenantId, tests, policy]);
    await client.query('delete from private.test_scans where tenant_id = $1 and import_id = any ($2)', [tenantId, documents]);
    await client.query(
      `insert into private.test_scans (tenant_id, import_id, number, test_id, student_id, available, obtained, scanned_at)
       select tenant_id, import_id, number, test_id, student_id, available, obtained, scanned_at from private.replayed_scans where run_id = $1`,
      [id],
    );
    const { rows } = await client.query<ChangedResult>(
      `select case when b.student_id is null then 'added' when a.student_id is null then 'removed' else 'changed' end as kind,
           (select max(o::text) from unnest(coalesce(a.origins_import_vault, b.origins_import_vault)) o) as "importId",
           test_id || ' / ' || student_id as key, ${AS_JSON('b')} as before, ${AS_JSON('a')} as after
       from (select * from private.student_test_results where tenant_id = $1 and test_id = any ($2)) b
           full join private.best_results($1, null, null, $2) a using (test_id, student_id)
       where b.student_id is null or a.student_id is null or (${MARKS('a')}) is distinct from (${MARKS('b')})
       order by test_id, student_id`,
      [tenantId, tests],
    );
    if (isDryRun) await client.query('rollback to before_run');
    else await client.query('select private.judge_tests($1, $2)', [tenantId, tests]);
    await client.query('delete from private.replayed_scans where run_id = $1', [id]);
    return rows;
  });
}
