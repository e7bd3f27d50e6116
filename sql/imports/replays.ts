import { v7 as uuidv7 } from 'uuid';
import { type Pool, withTransaction } from '../database/db.ts';
import type { ClaimedImport } from './claims.ts';
import type { Finding } from './imports.ts';
import type { ImportRun } from './runs.ts';

/** A run that a worker holds a lease on. */
export type ClaimedRun = ImportRun & { tenant_id: string; claim: string; attempts: number };

const LEASE = "interval '1 minute'";

/** Leases a due run of the tenant whose last one ended longest ago, if none of its runs is running. Undefined if there is none. */
export async function claimRun(pool: Pool, now: Date): Promise<ClaimedRun | undefined> {
  return withTransaction(pool, 'begin', async (client) => {
    await client.query("select from storage.locks where name = 'imports' for update");
    const { rows } = await client.query<ClaimedRun>(
      `update private.import_runs set claim = $2, claimed_until = $1::timestamptz + ${LEASE}, attempts = attempts + 1,
           status = case status when 'queued' then 'comparing' else status end
       where id = (
         select r.id from private.import_runs r
         where r.due_at <= $1 and r.claimed_until <= $1
             and not exists (select from private.import_runs o where o.tenant_id = r.tenant_id and o.claimed_until > $1)
         order by (select max(o.completed_at) from private.import_runs o where o.tenant_id = r.tenant_id) nulls first, r.created_at
         limit 1 for update of r skip locked
       )
       returning *`,
      [now, uuidv7()],
    );
    return rows[0];
  });
}

type Held = Pick<ClaimedRun, 'id' | 'claim'>;

/** Renews the lease. False if another worker has it, or the run is gone. */
export async function keepRun(pool: Pool, { id, claim }: Held, progress: number, now: Date): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update private.import_runs set claimed_until = $4::timestamptz + ${LEASE}, progress = greatest(progress, $3) where id = $1 and claim = $2`,
    [id, claim, progress, now],
  );
  return rowCount === 1;
}

/** Releases the lease; the run is due again at `dueAt`. */
export async function releaseRun(pool: Pool, { id, claim }: Held, dueAt: Date, unspent: boolean): Promise<void> {
  await pool.query(
    `update private.import_runs set claim = null, claimed_until = '-infinity', due_at = $3, attempts = attempts - $4::integer
     where id = $1 and claim = $2`,
    [id, claim, dueAt, unspent ? 1 : 0],
  );
}

/** Counts of a run. */
export type RunCounts = Pick<ImportRun, 'documents' | 'rows' | 'added' | 'changed' | 'removed' | 'kept' | 'findings'>;

/** Records the whole difference; the run goes on with applying it, or is completed. False if the lease is lost. */
export async function noteCompared(
  pool: Pool,
  { id, claim, dry_run }: ClaimedRun,
  counts: RunCounts,
  now: Date,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update private.import_runs set documents = $3, rows = $4, added = $5, changed = $6, removed = $7, kept = $8, findings = $9, attempts = 0,
         status = case when $10 then 'completed' else 'applying' end, completed_at = case when $10 then $11::timestamptz end,
         progress = case when $10 then 100 else 50 end, due_at = case when $10 then null else due_at end,
         claim = case when $10 then null else claim end, claimed_until = case when $10 then '-infinity' else claimed_until end
     where id = $1 and claim = $2`,
    [
      id,
      claim,
      counts.documents,
      counts.rows,
      counts.added,
      counts.changed,
      counts.removed,
      counts.kept,
      JSON.stringify(counts.findings),
      dry_run,
      now,
    ],
  );
  return rowCount === 1;
}

/** Ends a run. False if the lease is lost. */
export async function endRun(pool: Pool, { id, claim }: Held, error: string | null, now: Date): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update private.import_runs set status = case when $3::text is null then 'completed' else 'failed' end, error = $3, completed_at = $4,
         progress = case when $3::text is null then 100 else progress end, due_at = null, claim = null, claimed_until = '-infinity'
     where id = $1 and claim = $2`,
    [id, claim, error, now],
  );
  return rowCount === 1;
}

/** A document that a run reads, with the policy and mapping that the run gives it. */
export type RunDocument = Omit<
  ClaimedImport,
  'findings' | 'rows' | 'counts' | 'done_rows' | 'is_checked' | 'version' | 'claim' | 'attempts'
>;

/**
 * The next documents of a run, in the order in which they arrived, after an id. A run that undoes another gives each document the
 * policy and mapping of the version before. Documents that wait to be read or are being read are left out: they are read anyway.
 */
export async function documentsOfRun(
  pool: Pool,
  run: ClaimedRun,
  after: string | undefined,
  limit: number,
): Promise<RunDocument[]> {
  const { rows } = await pool.query<RunDocument>(
    `select i.id, i.tenant_id, i.key_id, i.received_at, i.first_at, i.source, i.media_type, i.bytes, i.sha256, i.object, i.sealed_key, i.sealed_with,
         case when $8::uuid is null then coalesce($9, i.policy) else v.policy end as policy,
         case when $8::uuid is null then coalesce($10::jsonb, i.mapping) else v.mapping end as mapping
     from private.imports i
         left join private.import_versions applied on applied.run_id = $8 and applied.import_id = i.id
         left join private.import_versions v on v.import_id = i.id and v.version = applied.version - 1
     where i.tenant_id = $1 and i.object is not null and i.due_at is null and ($2::uuid is null or i.id > $2) and ($3::uuid is null or i.id = $3)
         and ($4::text is null or i.status = $4) and ($5::text is null or lower(split_part(i.media_type, ';', 1)) = lower($5))
         and ($6::timestamptz is null or i.received_at >= $6) and ($7::timestamptz is null or i.received_at < $7)
         and ($8::uuid is null or v.version is not null)
     order by i.id limit $11`,
    [
      run.tenant_id,
      after ?? null,
      run.import_id,
      run.filter.status ?? null,
      run.filter.media_type ?? null,
      run.filter.from ?? null,
      run.filter.to ?? null,
      run.undoes,
      run.policy,
      run.mapping && JSON.stringify(run.mapping),
      limit,
    ],
  );
  return rows;
}

/** Deletes the differences of a run, which an interrupted comparison left. */
export async function clearDifferences(pool: Pool, runId: string): Promise<void> {
  await pool.query('delete from private.import_differences where run_id = $1', [runId]);
}

type NewDifference = { kind: string; importId: string | null; key: string; before: object | null; after: object | null };

/** Stores differences, numbered from `first`. */
export async function addDifferences(
  pool: Pool,
  { id, tenant_id }: Pick<ClaimedRun, 'id' | 'tenant_id'>,
  first: number,
  differences: NewDifference[],
): Promise<void> {
  if (differences.length === 0) return;
  const jsonOf = (value: object | null) => value && JSON.stringify(value);
  await pool.query(
    `insert into private.import_differences (tenant_id, run_id, number, import_id, kind, row_key, before, after)
     select $1, $2, $3 + u.n - 1, u.import_id, u.kind, u.row_key, u.before, u.after
     from unnest($4::uuid[], $5::text[], $6::text[], $7::jsonb[], $8::jsonb[]) with ordinality u (import_id, kind, row_key, before, after, n)`,
    [
      tenant_id,
      id,
      first,
      differences.map(({ importId }) => importId),
      differences.map(({ kind }) => kind),
      differences.map(({ key }) => key),
      differences.map(({ before }) => jsonOf(before)),
      differences.map(({ after }) => jsonOf(after)),
    ],
  );
}

export type AppliedReading = {
  importer: string;
  importerVersion: number;
  policy: string | null;
  mapping: Record<string, unknown> | null;
  findings: Finding[];
  rows: number;
};

/** Notes how a run read a document: its next version. A run that applies it twice notes it once. */
export async function noteVersion(
  pool: Pool,
  run: ClaimedRun,
  importId: string,
  reading: AppliedReading,
  now: Date,
): Promise<void> {
  await pool.query(
    `with raised as (
       update private.imports i set version = version + 1, status = 'imported', importer = $4, importer_version = $5, policy = $6, mapping = $7,
           findings = $8, counts = jsonb_build_object('read', $9::bigint), progress = 100, completed_at = coalesce(completed_at, $10)
       where i.id = $1 and i.tenant_id = $2 and not exists (
           select from private.import_versions v where v.import_id = $1 and v.run_id = $3)
       returning i.version
     )
     insert into private.import_versions (tenant_id, import_id, version, run_id, importer, importer_version, policy, mapping, applied_at)
     select $2, $1, version, $3, $4, $5, $6, $7, $10 from raised`,
    [
      importId,
      run.tenant_id,
      run.id,
      reading.importer,
      reading.importerVersion,
      reading.policy,
      reading.mapping && JSON.stringify(reading.mapping),
      JSON.stringify(reading.findings),
      reading.rows,
      now,
    ],
  );
}
