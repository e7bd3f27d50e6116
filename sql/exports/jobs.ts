import { v7 as uuidv7 } from 'uuid';
import { type Instant, instantSql } from '../../lib/time.ts';
import type { Delivery } from '../alerts/deliveries.ts';
import type { Client } from '../database/db.ts';
import type { Dataset } from './columns.ts';
import type { Csv, Selection } from './selection.ts';

export const FORMATS = ['csv', 'ndjson', 'parquet'] as const;
export type Format = (typeof FORMATS)[number];

/** Status of an export. `expired`, `deleted` and `failed`: its files are destroyed. */
export const EXPORT_STATUSES = ['queued', 'running', 'completed', 'failed', 'cancelled', 'expired', 'deleted'] as const;
export type ExportStatus = (typeof EXPORT_STATUSES)[number];

/** How files are written. Options that a format does not have are absent. */
export type ExportOptions = Partial<Pick<Csv, 'delimiter' | 'guard' | 'decimal'>> & {
  bom?: boolean;
  compression?: 'none' | 'gzip' | 'zstd';
};

export type NewExport = {
  dataset: Dataset;
  format: Format;
  options: ExportOptions;
  from: Instant;
  to: Instant;
  filter: Selection['filter'];
  /** The export that this one continues. */
  since: Pick<ExportJob, 'id' | 'window_to' | 'settled_at'> | null;
  endpointId: string | null;
};

export type ExportJob = {
  id: string;
  dataset: Dataset;
  format: Format;
  options: ExportOptions;
  window_from: Instant;
  window_to: Instant;
  filter: Selection['filter'];
  since: string | null;
  settled_at: Date | null;
  endpoint_id: string | null;
  status: ExportStatus;
  error: string | null;
  progress: number;
  created_at: Date;
  completed_at: Date | null;
  expires_at: Date | null;
  ended_at: Date | null;
  manifest: Record<string, unknown> | null;
  notice: Pick<Delivery, 'status' | 'attempts' | 'response_code' | 'error'> | null;
};

/** A file of an export. `object` is its name in the store, or null once it is destroyed. */
export type ExportFile = { part: number; name: string; object: string | null; rows: number; bytes: number; sha256: string };

const COLUMNS = `j.id, j.dataset, j.format, j.options, ${instantSql('j.window_from')} as window_from,
    ${instantSql('j.window_to')} as window_to, j.filter, j.since, j.settled_at, j.endpoint_id,
    j.status, j.error, j.progress, j.created_at, j.completed_at, j.expires_at, j.ended_at, j.manifest,
    (select json_build_object('status', d.status, 'attempts', d.attempts, 'response_code', d.response_code, 'error', d.error)
     from app.alert_deliveries d where d.id = j.delivery_id) as notice`;

/**
 * Maximum unfinished exports of one tenant, and exports whose files are in the store. Two concurrent requests can exceed them by
 * one.
 */
export const MAX_UNFINISHED = 5;
export const MAX_KEPT = 200;

/** Counts the tenant's unfinished exports, and those that have files. */
export async function countExports(client: Client): Promise<{ unfinished: number; kept: number }> {
  const { rows } = await client.query<{ unfinished: number; kept: number }>(
    `select count(*) filter (where status in ('queued', 'running')) as unfinished, count(*) filter (where status = 'completed') as kept
     from app.export_jobs where status in ('queued', 'running', 'completed')`,
  );
  return rows[0] as { unfinished: number; kept: number };
}

/** Creates an export for the tenant of this transaction, and returns it. */
export async function createExport(client: Client, tenantId: string, keyId: string, asked: NewExport): Promise<ExportJob> {
  const id = uuidv7();
  await client.query(
    `insert into app.export_jobs (id, tenant_id, key_id, dataset, format, options, window_from, window_to, filter, since, since_to,
         received_from, endpoint_id, status, progress, due_at, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'queued', 0, now(), now())`,
    [
      id,
      tenantId,
      keyId,
      asked.dataset,
      asked.format,
      JSON.stringify(asked.options),
      asked.from,
      asked.to,
      JSON.stringify(asked.filter),
      asked.since?.id ?? null,
      asked.since?.window_to ?? null,
      asked.since?.settled_at ?? null,
      asked.endpointId,
    ],
  );
  return (await findExport(client, id)) as ExportJob;
}

export async function findExport(client: Client, id: string): Promise<ExportJob | undefined> {
  const { rows } = await client.query<ExportJob>(`select ${COLUMNS} from app.export_jobs j where j.id = $1`, [id]);
  return rows[0];
}

/** The tenant's exports, newest first. */
export async function listExports(client: Client, before: string | undefined, limit: number): Promise<ExportJob[]> {
  const { rows } = await client.query<ExportJob>(
    `select ${COLUMNS} from app.export_jobs j where $1::uuid is null or j.id < $1 order by j.id desc limit $2`,
    [before ?? null, limit],
  );
  return rows;
}

/** Cancels an export, or deletes its files. Returns the new status, or undefined if the tenant has no such export. */
export async function cancelOrDeleteExport(client: Client, id: string): Promise<ExportStatus | undefined> {
  const { rows } = await client.query<{ status: ExportStatus | null }>('select door.end_export($1) as status', [id]);
  return rows[0]?.status ?? undefined;
}

/** The files of a completed export, in order of their parts. */
export async function listExportFiles(client: Client, exportId: string): Promise<ExportFile[]> {
  const { rows } = await client.query<ExportFile>(
    'select part, name, object, rows, bytes, sha256 from app.export_files where export_id = $1 order by part',
    [exportId],
  );
  return rows;
}

/** A file that can be downloaded: its export is the tenant's, completed and not expired. Otherwise undefined. */
export async function findExportFile(
  client: Client,
  exportId: string,
  name: string,
  now: Date,
): Promise<(ExportFile & { object: string; format: Format; options: ExportOptions }) | undefined> {
  const { rows } = await client.query<ExportFile & { object: string; format: Format; options: ExportOptions }>(
    `select f.part, f.name, f.object, f.rows, f.bytes, f.sha256, j.format, j.options
     from app.export_files f join app.export_jobs j on j.id = f.export_id
     where f.export_id = $1 and f.name = $2 and f.object is not null and j.status = 'completed' and j.expires_at > $3`,
    [exportId, name, now],
  );
  return rows[0];
}

/** Records the download of a file in the audit log. */
export async function noteDownload(client: Client, exportId: string, name: string): Promise<void> {
  await client.query('select door.note_download($1, $2)', [exportId, name]);
}
