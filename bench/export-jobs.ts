import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import { createExportRunner } from '../jobs/run-exports.ts';
import { openObjectStore } from '../lib/object-store.ts';
import { openArchive } from '../sql/archive-home.ts';
import { createPool, withTenant } from '../sql/db.ts';
import { createExport, type Format, findExport } from '../sql/queries/export-jobs.ts';
import { copyRows } from '../sql/queries/export-rows.ts';
import { settledAt } from '../sql/queries/settled.ts';
import { roleUrl } from '../sql/roles.ts';
import type { Stage } from './stage.ts';

const DAY = 86_400_000;

/** Rows a second and bytes a row of each format, from the claim to the manifest, beside the same rows read and thrown away. */
export async function benchExportJobs(stage: Stage, events: number): Promise<Record<string, unknown>> {
  const [tenant] = stage.tenants;
  if (!tenant) throw new Error('The stage has no tenant.');
  const folder = mkdtempSync(join(tmpdir(), 'mirante-bench-exports-'));
  const api = createPool(roleUrl(stage.databaseUrl, stage.secret, 'mirante_api'), {
    max: 2,
    name: 'bench api',
    statementTimeoutMs: 3_600_000,
  });
  await fill(stage, tenant.id, events);
  const window = { from: new Date(Date.now() - 4 * DAY), to: new Date(Date.now() + DAY) };
  const read = await rate(events, () =>
    withTenant(api, tenant.id, async (client) => {
      const selection = { dataset: 'events' as const, ...window, filter: {} };
      for await (const _ of copyRows(client, selection, { format: 'csv', delimiter: ',', guard: true }, undefined));
    }),
  );
  await settledAt(stage.owner);
  const figures: Record<string, unknown> = { rows: events, 'read and thrown away': read };
  const bytes: Record<string, number> = {};
  for (const [name, format, compression] of FORMATS) {
    const id = await withTenant(
      api,
      tenant.id,
      async (client) =>
        (
          await createExport(client, tenant.id, uuidv7(), {
            dataset: 'events',
            format,
            options: { compression },
            ...window,
            filter: {},
            since: null,
            endpointId: null,
          })
        ).id,
      'login',
    );
    const objects = openObjectStore({ OBJECT_STORE_URL: undefined, MIRANTE_DATA_DIR: folder });
    const run = createExportRunner({
      pool: stage.owner,
      log: pino({ level: 'silent' }),
      clock: () => new Date(),
      objects,
      archive: openArchive({ MIRANTE_DATA_DIR: folder }, objects),
      logins: { api: roleUrl(stage.databaseUrl, stage.secret, 'mirante_api') },
      secret: stage.secret,
      config: {
        MIRANTE_DATA_DIR: folder,
        EXPORT_RETENTION_DAYS: 7,
        EXPORT_FILE_ROWS: 1_000_000,
        EXPORT_FILE_BYTES: 256 * 1024 * 1024,
        ALERTS_ALLOW_PRIVATE_NETWORKS: [],
        ALERTS_FROM: undefined,
        SMTP_URL: undefined,
      },
    });
    const perSecond = await rate(events, run);
    const job = await withTenant(api, tenant.id, (client) => findExport(client, id));
    const manifest = job?.manifest as { rows: number; bytes: number; files: unknown[] } | null;
    if (manifest?.rows !== events) throw new Error(`${name}: ${manifest?.rows} of ${events} rows`);
    bytes[name] = manifest.bytes / events;
    figures[name] = {
      rows_per_second: perSecond,
      share_of_reading: perSecond / read,
      bytes_per_row: bytes[name],
      against_csv: (bytes[name] as number) / (bytes.csv as number),
      files: manifest.files.length,
    };
  }
  await api.end();
  rmSync(folder, { recursive: true });
  return figures;
}

const FORMATS: [string, Format, 'none' | 'gzip'][] = [
  ['csv', 'csv', 'none'],
  ['csv, gzip', 'csv', 'gzip'],
  ['ndjson', 'ndjson', 'none'],
  ['parquet', 'parquet', 'none'],
];

async function rate(rows: number, work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (rows * 1000) / (performance.now() - started);
}

// Validations as the sample has them, of one tenant, over three days.
async function fill({ owner }: Stage, tenantId: string, events: number): Promise<void> {
  await owner.query(
    `insert into private.events (tenant_id, time, id, received_at, type, source, subject, outcome, duration_ms, bytes, data)
     select $1, now() - make_interval(secs => 259200.0 * i / ($2::integer + 1)), gen_random_uuid(), now(),
         'br.validahub.validation.completed.v1', 'bench', 'psn_' || md5((i % 5000)::text), 'success', i % 997, 220,
         jsonb_build_object('marketplace', (array['magalu', 'shopee', 'americanas'])[1 + i % 3], 'rows', i % 500, 'errors', i % 7,
             'warnings', i % 11, 'duration_ms', i % 997, 'outcome', 'success', 'rules', jsonb_build_object('gtin', i % 5, 'price', i % 3))
     from generate_series(1, $2::integer) i`,
    [tenantId, events],
  );
  await owner.query('vacuum analyze private.events');
}
