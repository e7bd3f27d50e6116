import { shownInstant } from '../../lib/time.ts';
import { addDeliveries, type ExportMessage } from '../../sql/alerts/deliveries.ts';
import { keepOpenEndpoints } from '../../sql/alerts/states.ts';
import { type Client, type Pool, withTenant, withTransaction } from '../../sql/database/db.ts';
import { type ClaimedExport, type ExportEnd, settleExport } from '../../sql/exports/claims.ts';
import { columnsOf } from '../../sql/exports/columns.ts';
import { csvwOf } from '../../sql/exports/csvw.ts';
import {
  erasuresSince,
  lastExport,
  listStored,
  type ManifestFile,
  readWatermark,
  restatedSince,
  versionsOf,
} from '../../sql/exports/manifests.ts';
import { listUntold, lockUntold, noteTold } from '../../sql/exports/upkeep.ts';
import { eachItem } from '../queue/each.ts';
import type { ExportDeps } from './deps.ts';

const DAY_MS = 86_400_000;

/** Completes an export whose parts are all stored, with its manifest. Returns false if the lease is lost. */
export async function completeExport(deps: ExportDeps, readers: Pool, job: ClaimedExport): Promise<boolean> {
  const { files, types } = await listStored(deps.pool, job.id);
  const about = await withTenant(readers, job.tenant_id, (client) => describe(client, job, types));
  const manifest = {
    export_id: job.id,
    dataset: job.dataset,
    format: job.format,
    from: shownInstant(job.window_from),
    to: shownInstant(job.window_to),
    filter: job.filter,
    settled_at: job.settled_at,
    since: job.since && { id: job.since, to: job.since_to && shownInstant(job.since_to), settled_at: job.received_from },
    ...totalsOf(files),
    files,
    columns: columnsOf(job.dataset).map(({ name, csvw: type, description, unit }) => ({ name, type, description, unit })),
    ...(job.format === 'csv' && { csvw: csvwFor(job, files) }),
    ...about,
  };
  const expiresAt = new Date(deps.clock().getTime() + deps.config.EXPORT_RETENTION_DAYS * DAY_MS);
  return end(deps, job, { status: 'completed', manifest, expiresAt, deliveryId: null }, files);
}

/** Ends an export as failed; its files are destroyed later. Returns false if the lease is lost. */
export async function failExport(deps: ExportDeps, job: ClaimedExport, error: string): Promise<boolean> {
  return end(deps, job, { status: 'failed', error, deliveryId: null }, []);
}

// All files have one schema, so they form one group of tables. Their URLs are relative to the metadata.
function csvwFor({ dataset, options: { delimiter = ',', decimal = '.' } }: ClaimedExport, files: ManifestFile[]): object {
  const { url: _, ...common } = csvwOf(dataset, '', { delimiter, decimal }) as { url: string };
  return { ...common, tables: files.map(({ name }) => ({ url: name })) };
}

// What a reader needs who has an earlier export, `last_export`.
async function describe(client: Client, job: ClaimedExport, types: string[]) {
  const last = await lastExport(client, job);
  const { window_from: from, window_to: to } = job;
  return {
    watermark: await readWatermark(client),
    types: await versionsOf(client, types),
    last_export: last,
    restatements: last && (await restatedSince(client, from, to, last.settled_at)),
    erasures: last && (await erasuresSince(client, last.settled_at)),
  };
}

// The message is added in the transaction that ends the export. So each export has exactly one, and none is left unsent.
async function end(deps: ExportDeps, job: ClaimedExport, how: ExportEnd, files: ManifestFile[]): Promise<boolean> {
  const now = deps.clock();
  const ended = await withTransaction(deps.pool, 'begin', async (client) => {
    const deliveryId = await tell(client, job, how, files, now);
    if (await settleExport(client, job, { ...how, deliveryId }, now)) return true;
    // The worker that has the lease now sends the message.
    throw new TakenOver();
  }).catch((error) => {
    if (error instanceof TakenOver) return false;
    throw error;
  });
  const told = { tenant: job.tenant_id, export: job.id, status: how.status, ...totalsOf(files) };
  if (ended && how.status === 'failed') deps.log.error({ ...told, code: how.error }, 'export failed');
  else if (ended) deps.log.info(told, 'export completed');
  return ended;
}

/** Adds the messages of exports that ended outside a worker, by an erasure or a restore. Each has its own transaction. */
export async function tellEnded({ pool, log, clock }: Pick<ExportDeps, 'pool' | 'log' | 'clock'>): Promise<void> {
  const telling = {
    log,
    message: 'cannot send the message that an export ended',
    about: ({ id, tenant_id }: { id: string; tenant_id: string }) => ({ tenant: tenant_id, export: id }),
  };
  await eachItem(await listUntold(pool), telling, ({ id }) =>
    withTransaction(pool, 'begin', async (client) => {
      const job = await lockUntold(client, id);
      if (!job) return;
      const how: ExportEnd = { status: 'failed', error: job.error, deliveryId: null };
      await noteTold(client, job.id, await tell(client, job, how, [], clock()));
    }),
  );
}

class TakenOver extends Error {}

async function tell(
  client: Client,
  job: ClaimedExport,
  how: ExportEnd,
  files: ManifestFile[],
  now: Date,
): Promise<string | null> {
  if (!job.endpoint_id || !(await keepOpenEndpoints(client, [job.endpoint_id])).has(job.endpoint_id)) return null;
  const message: ExportMessage = {
    type: `export.${how.status}`,
    timestamp: now.toISOString(),
    data: {
      export: {
        id: job.id,
        status: how.status,
        error: how.status === 'failed' ? how.error : null,
        dataset: job.dataset,
        format: job.format,
        from: shownInstant(job.window_from),
        to: shownInstant(job.window_to),
        files: files.length,
        ...totalsOf(files),
        url: `/v1/exports/${job.id}`,
      },
    },
  };
  const [id] = await addDeliveries(client, 'owner', [{ tenantId: job.tenant_id, endpointId: job.endpoint_id, message }]);
  return id ?? null;
}

const totalsOf = (files: ManifestFile[]) => ({
  rows: files.reduce((sum, { rows }) => sum + rows, 0),
  bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
});
