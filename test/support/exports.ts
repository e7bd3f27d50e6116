import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { pino } from 'pino';
import { deliverAlerts } from '../../jobs/alerts/deliver.ts';
import { createExportRunner } from '../../jobs/exports/run.ts';
import type { ObjectStore } from '../../lib/object-store.ts';
import { openObjectStore } from '../../lib/open-object-store.ts';
import { literal, withDuckDb } from '../../lib/parquet.ts';
import { instantAt } from '../../lib/time.ts';
import { openArchive } from '../../sql/archive/home.ts';
import { withTenant } from '../../sql/database/db.ts';
import { createExport, type ExportJob, findExport, listExportFiles, type NewExport } from '../../sql/exports/jobs.ts';
import { cleanUp } from './clean-up.ts';
import { type TestDatabase, type TestTenant, testSecret } from './harness.ts';

export const DAY = 86_400_000;

export type Exports = Awaited<ReturnType<typeof useExports>>;

export type ExportDatabase = Pick<TestDatabase, 'jobs' | 'api' | 'owner' | 'urls'>;

/** Dependencies of exports, with files in a temporary folder unless `store` names another place. */
export async function useExports(
  db: ExportDatabase,
  store?: string,
  options: { rows?: number; bytes?: number; scratch?: string } = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'mirante-exports-'));
  const objects = openObjectStore({ OBJECT_STORE_URL: store, MIRANTE_DATA_DIR: folder });
  const clock = { skipMs: 0 };
  const deps = {
    pool: db.jobs,
    log: pino({ level: 'silent' }),
    clock: () => new Date(Date.now() + clock.skipMs),
    objects: objects as ObjectStore,
    archive: openArchive({ MIRANTE_DATA_DIR: folder }, objects),
    logins: db.urls,
    secret: testSecret,
    config: {
      MIRANTE_DATA_DIR: options.scratch ?? folder,
      EXPORT_RETENTION_DAYS: 7,
      EXPORT_FILE_ROWS: options.rows ?? 1_000,
      EXPORT_FILE_BYTES: options.bytes ?? 10_000_000,
      ALERTS_ALLOW_PRIVATE_NETWORKS: ['127.0.0.0/8'],
      ALERTS_FROM: undefined,
      SMTP_URL: undefined,
    },
  };
  cleanUp(async () => {
    objects.close();
    await rm(folder, { recursive: true, force: true });
  });
  const asTenant = <T>(tenant: TestTenant, work: Parameters<typeof withTenant<T>>[2]) =>
    withTenant(db.api, tenant.id, work, 'login');

  return {
    folder,
    objects,
    deps,
    /** Moves the clock of the worker forward, so that delayed work is due. */
    skip: (ms: number) => {
      clock.skipMs += ms;
    },
    run: () => createExportRunner(deps, () => deliverAlerts(deps))(),
    ask: (tenant: TestTenant, asked: Partial<NewExport> = {}) =>
      asTenant(tenant, (client) =>
        createExport(client, tenant.id, tenant.keyIds.export, {
          dataset: 'events',
          format: 'csv',
          options: {},
          from: instantAt(new Date(Date.now() - 30 * DAY)),
          to: instantAt(new Date(Date.now() + DAY)),
          filter: {},
          since: null,
          endpointId: null,
          ...asked,
        }),
      ),
    find: async (tenant: TestTenant, id: string) => (await asTenant(tenant, (client) => findExport(client, id))) as ExportJob,
    files: (tenant: TestTenant, id: string) => asTenant(tenant, (client) => listExportFiles(client, id)),
    /** Ids of the events in an export's files, which are checked against the manifest. */
    async idsIn(tenant: TestTenant, id: string): Promise<string[]> {
      const ids: string[] = [];
      const job = (await asTenant(tenant, (client) => findExport(client, id))) as ExportJob;
      for (const file of await asTenant(tenant, (client) => listExportFiles(client, id))) {
        const body = await objects.get(file.object ?? '');
        if (!body) throw new Error(`${file.name} is missing`);
        const content = await buffer(body);
        if (content.length !== file.bytes || createHash('sha256').update(content).digest('hex') !== file.sha256)
          throw new Error(`${file.name} is not what the manifest says`);
        const found = await idsOf(folder, job, content);
        if (found.length !== file.rows) throw new Error(`${file.name} has ${found.length} rows, not ${file.rows}`);
        ids.push(...found);
      }
      return ids;
    },
    /** Files in the store that no export has, and files of exports that are missing from the store. */
    async unaccounted(): Promise<string[]> {
      const names: string[] = [];
      for await (const { name } of objects.list('exports/')) names.push(name);
      const { rows } = await db.owner.query<{ object: string; stored: boolean }>(
        'select object, stored_at is not null as stored from private.export_files where object is not null',
      );
      const known = new Set(rows.map(({ object }) => object));
      const missing = rows.filter(({ object, stored }) => stored && !names.includes(object));
      return [...names.filter((name) => !known.has(name)), ...missing.map(({ object }) => `missing: ${object}`)];
    },
  };
}

async function idsOf(folder: string, { format, options }: ExportJob, content: Buffer): Promise<string[]> {
  const plain = options.compression === 'gzip' ? gunzipSync(content) : content;
  if (format === 'ndjson')
    return plain
      .toString()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).id as string);
  const path = join(folder, `read.${format}`);
  await writeFile(path, plain);
  const from =
    format === 'parquet' ? `read_parquet(${literal(path)})` : `read_csv(${literal(path)}, header = true, all_varchar = true)`;
  const rows = await withDuckDb(folder, (run) => run(`select event_id from ${from}`));
  return rows.map(({ event_id }) => String(event_id));
}

/** Stores `n` events of a tenant with the ids `<prefix>-1`…, spread over the last `days` days. */
export async function plantEvents(
  db: Pick<TestDatabase, 'owner'>,
  tenant: TestTenant,
  n: number,
  prefix = 'e',
  days = 3,
): Promise<void> {
  await db.owner.query(
    `with stored as (
       insert into private.events (tenant_id, time, id, received_at, type, source, event_id, subject, outcome, duration_ms, bytes, data,
           attributes)
     select $1, now() - make_interval(secs => $4 * 86400.0 * i / ($2 + 1)), gen_random_uuid(), clock_timestamp(),
         'test.' || (i % 3) || '.v1', 'test', $3 || '-' || i, null, 'success', i, 100,
         jsonb_build_object('n', i, 'text', E'=1+1, "quoted"\\nline é'),
         case when i % 2 = 0 then '{"ext": "=1+1, \\r\\n"}'::jsonb end
     from generate_series(1, $2::integer) i returning time)
     insert into private.dirty_hours (tenant_id, hour, events)
     select $1, date_trunc('hour', time, 'UTC'), count(*) from stored group by 2`,
    [tenant.id, n, prefix, days],
  );
}

/** The ids of plantEvents(). */
export const idsFrom = (n: number, prefix = 'e') => Array.from({ length: n }, (_, i) => `${prefix}-${i + 1}`).sort();
