import { v7 as uuidv7 } from 'uuid';
import type { Client } from '../database/db.ts';
import type { Finding, ImportFilter } from './imports.ts';

export const RUN_STATUSES = ['queued', 'comparing', 'applying', 'completed', 'failed'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** Documents that are read again, as their tenant sees it. `rows`: how many were read; `kept`: differences that are listed. */
export type ImportRun = {
  id: string;
  key_id: string;
  import_id: string | null;
  filter: RunFilter;
  policy: string | null;
  mapping: Record<string, unknown> | null;
  dry_run: boolean;
  undoes: string | null;
  status: RunStatus;
  error: string | null;
  findings: Finding[];
  documents: number;
  rows: number;
  added: number;
  changed: number;
  removed: number;
  kept: number;
  progress: number;
  created_at: Date;
  completed_at: Date | null;
};

/** Which documents a run reads, as it was asked for. */
export type RunFilter = Pick<ImportFilter, 'status' | 'from' | 'to'> & { media_type?: string | undefined };

export type NewRun = Pick<ImportRun, 'import_id' | 'filter' | 'policy' | 'mapping' | 'dry_run' | 'undoes'>;

const COLUMNS = `id, key_id, import_id, filter, policy, mapping, dry_run, undoes, status, error, findings, documents, rows, added, changed, removed,
    kept, progress, created_at, completed_at`;

/** Runs of one tenant that have not ended. Two requests at the same moment may pass it by one. */
export const MAX_OPEN_RUNS = 10;

/** Asks for a run, for the tenant of this transaction; undefined if it has as many open ones as it may have. */
export async function createRun(client: Client, tenantId: string, keyId: string, run: NewRun): Promise<ImportRun | undefined> {
  const { rows } = await client.query<ImportRun>(
    `insert into app.import_runs (id, tenant_id, key_id, import_id, filter, policy, mapping, dry_run, undoes, status, findings, documents, rows,
         added, changed, removed, kept, progress, created_at)
     select $1, $2, $3, $4, $5, $6, $7, $8, $9, 'queued', '[]', 0, 0, 0, 0, 0, 0, 0, now()
     where (select count(*) from app.import_runs where status not in ('completed', 'failed')) < $10::bigint
     returning ${COLUMNS}`,
    [
      uuidv7(),
      tenantId,
      keyId,
      run.import_id,
      JSON.stringify(run.filter),
      run.policy,
      run.mapping && JSON.stringify(run.mapping),
      run.dry_run,
      run.undoes,
      MAX_OPEN_RUNS,
    ],
  );
  return rows[0];
}

/** Runs of the tenant of this transaction, newest first; `importId`: those that read this document alone. */
export async function listRuns(
  client: Client,
  importId: string | undefined,
  before: string | undefined,
  limit: number,
): Promise<ImportRun[]> {
  const { rows } = await client.query<ImportRun>(
    `select ${COLUMNS} from app.import_runs where ($1::uuid is null or import_id = $1) and ($2::uuid is null or id < $2)
     order by id desc limit $3`,
    [importId ?? null, before ?? null, limit],
  );
  return rows;
}

/** One run of the tenant of this transaction; undefined if there is none. */
export async function findRun(client: Client, id: string): Promise<ImportRun | undefined> {
  const { rows } = await client.query<ImportRun>(`select ${COLUMNS} from app.import_runs where id = $1`, [id]);
  return rows[0];
}

/** One row that a run changes or would change. */
export type StoredDifference = {
  number: number;
  import_id: string | null;
  kind: 'added' | 'changed' | 'removed';
  key: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
};

/** Differences of a run of the tenant of this transaction, in order, after a number. */
export async function listDifferences(
  client: Client,
  runId: string,
  after: number,
  limit: number,
): Promise<StoredDifference[]> {
  const { rows } = await client.query<StoredDifference>(
    `select number, import_id, kind, row_key as key, before, after from app.import_differences
     where run_id = $1 and number > $2 order by number limit $3`,
    [runId, after, limit],
  );
  return rows;
}

/** How a document was read each time, oldest first, for the tenant of this transaction. */
export async function listVersions(client: Client, importId: string): Promise<Record<string, unknown>[]> {
  const { rows } = await client.query<Record<string, unknown>>(
    `select version, run_id, importer, importer_version, policy, mapping, applied_at from app.import_versions
     where import_id = $1 order by version`,
    [importId],
  );
  return rows;
}
