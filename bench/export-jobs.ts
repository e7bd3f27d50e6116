import { setTimeout } from 'node:timers/promises';
import { instantAt } from '../lib/time.ts';
import { createPool, withTenant } from '../sql/database/db.ts';
import { copyRows } from '../sql/exports/rows.ts';
import { createKey } from '../sql/tenants/tenants.ts';
import type { Stage } from './stage.ts';

const DAY = 86_400_000;

/**
 * Rows per second and bytes per row of each format, from the HTTP request to the manifest, compared with the same rows read
 * by this process and discarded.
 */
export async function benchExportJobs(stage: Stage, events: number): Promise<Record<string, unknown>> {
  const [tenant] = stage.tenants;
  if (!tenant) throw new Error('The stage has no tenant.');
  await fill(stage, tenant.id, events);
  const window = { from: instantAt(new Date(Date.now() - 4 * DAY)), to: instantAt(new Date(Date.now() + DAY)) };
  const api = createPool(stage.apiDatabaseUrl, { max: 1, name: 'bench api', statementTimeoutMs: 3_600_000 });
  const { key } = await withTenant(
    api,
    tenant.id,
    (client) => createKey(client, tenant.id, { name: 'bench export', scopes: ['export'] }),
    'login',
  );
  const read = await rate(events, () =>
    withTenant(api, tenant.id, async (client) => {
      const selection = { dataset: 'events' as const, ...window, filter: {} };
      for await (const _ of copyRows(client, selection, { format: 'csv', delimiter: ',', guard: true }, undefined));
    }),
  );
  await api.end();
  const figures: Record<string, unknown> = { rows: events, rows_per_second_read_and_thrown_away: read };
  let csv = 0;
  for (const [name, asked] of FORMATS) {
    let manifest: Manifest | undefined;
    const perSecond = await rate(events, async () => {
      manifest = await exported(stage.url, key, { dataset: 'events', ...asked, ...window });
    });
    if (manifest?.rows !== events) throw new Error(`${name}: ${manifest?.rows} of ${events} rows`);
    const bytes = manifest.bytes / events;
    csv ||= bytes;
    figures[name] = {
      rows_per_second: perSecond,
      share_of_reading: perSecond / read,
      bytes_per_row: bytes,
      against_csv: bytes / csv,
      files: manifest.files.length,
    };
  }
  return { ...figures, memory_mb: stage.memory() };
}

type Manifest = { rows: number; bytes: number; files: unknown[] };

async function exported(url: string, key: string, asked: object): Promise<Manifest> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const made = await fetch(`${url}/v1/exports`, { method: 'POST', headers, body: JSON.stringify(asked) });
  const { id } = (await made.json()) as { id: string };
  for (;;) {
    await setTimeout(100);
    const shown = await fetch(`${url}/v1/exports/${id}`, { headers });
    const { status, error, manifest } = (await shown.json()) as { status: string; error: string | null; manifest?: Manifest };
    if (manifest) return manifest;
    if (error) throw new Error(`The export is ${status}: ${error}.`);
  }
}

const FORMATS: [string, object][] = [
  ['csv', { format: 'csv' }],
  ['csv, gzip', { format: 'csv', compression: 'gzip' }],
  ['ndjson', { format: 'ndjson' }],
  ['parquet', { format: 'parquet' }],
];

async function rate(rows: number, work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (rows * 1000) / (performance.now() - started);
}

// Validations as in the sample, of one tenant, over three days.
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
