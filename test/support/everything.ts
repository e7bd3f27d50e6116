import { pino } from 'pino';
import { runRetention } from '../../jobs/archive/run-retention.ts';
import { refreshRollups } from '../../jobs/metrics/refresh-rollups.ts';
import { openObjectStore } from '../../lib/open-object-store.ts';
import { openArchive } from '../../sql/archive/home.ts';
import { canaryOf, findCanaries, plant } from '../../sql/tenants/canaries.ts';
import { evenly, judge } from '../benchmarks/population.ts';
import { type Json, useApi } from './api.ts';
import { fillPlatform, fillTenant } from './filled.ts';
import { makeTenant, type TestDatabase, type TestTenant } from './harness.ts';

type Database = Omit<TestDatabase, 'drop'>;

const log = pino({ level: 'silent' });
const DAY_MS = 86_400_000;

/**
 * Creates rows in every table: three customers with events, quarantine, alerts and so on, benchmarks of all of them, data of
 * the platform, and roll-ups older than their raw events, which are in the archive of `dataDir`.
 */
export async function fillEverything(db: Database, dataDir: string, now = new Date()): Promise<TestTenant[]> {
  const tenants: TestTenant[] = [];
  for (const slug of ['acme', 'rival', 'third']) {
    const tenant = await makeTenant(db, { slug, name: `Ação de ${slug}`, timezone: 'America/Sao_Paulo' });
    tenants.push(tenant);
    await fillTenant(db, tenant, slug, 300, now);
    await fillTenant(db, tenant, slug, 100, new Date(now.getTime() - 85 * DAY_MS));
  }
  await fillPlatform(db, tenants[1] as TestTenant, now);
  const client = await db.owner.connect();
  try {
    await findCanaries(client);
    for (const { id } of tenants) await plant(client, canaryOf(id));
  } finally {
    client.release();
  }
  // Planted archive rows have no file.
  await db.owner.query('delete from private.archive_files');
  await judge(db.owner, 'validations.error_rate', '2026-W01', evenly(12));
  // Marks all hours of the rows above as dirty, as a flush would.
  await db.owner.query(
    `insert into private.dirty_hours (tenant_id, hour, events)
     select tenant_id, date_trunc('hour', time, 'UTC'), count(*) from private.events group by 1, 2`,
  );
  const deps = { pool: db.owner, engine: db.engine, log, clock: () => now };
  await refreshRollups(deps);
  const days = {
    RAW_RETENTION_DAYS: 30,
    AGGREGATE_RETENTION_DAYS: 730,
    QUARANTINE_RETENTION_DAYS: 30,
    ACCESS_LOG_RETENTION_DAYS: 183,
  };
  const objects = openObjectStore({ OBJECT_STORE_URL: undefined, MIRANTE_DATA_DIR: dataDir });
  await runRetention({ ...deps, config: days, archive: openArchive({ MIRANTE_DATA_DIR: dataDir }, objects) });
  return tenants;
}

/** Creates a completed export and one that has one of its files. */
export async function leaveExports(db: Database, { id, keyIds }: TestTenant): Promise<void> {
  await db.owner.query(
    `with made as (
       insert into private.export_jobs (id, tenant_id, key_id, dataset, format, options, window_from, window_to, filter, status, expires_at)
       select gen_random_uuid(), $1, $2, 'events', 'csv', '{"left": true}', now() - interval '1 day', now(), '{}', status, now() + interval '1 day'
       from unnest(array['completed', 'running']) status returning id
     )
     insert into private.export_files (tenant_id, export_id, part, from_time, to_time, expected_rows, name, object, stored_at)
     select $1, id, 1, now() - interval '1 day', now(), 1, 'events.csv', 'exports/' || id, now() from made`,
    [id, keyIds.read],
  );
}

/** Returns the states of the exports of leaveExports(). */
export async function leftExports(db: Database): Promise<string[]> {
  const { rows } = await db.owner.query<{ status: string }>(
    `select status from private.export_jobs where options = '{"left": true}' order by status`,
  );
  return rows.map(({ status }) => status);
}

/** Every table and roll-up with its number of rows and an order-independent sum of their content. */
export async function pictureOf(db: Database, without: RegExp = /^$/): Promise<Record<string, string>> {
  const { rows } = await db.migrator.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname in ('private', 'storage', 'limits', 'bullmq', 'migrations') and c.relkind in ('r', 'p') and not c.relispartition
     union
     select 'private.' || name from storage.rollups order by 1`,
  );
  const picture: Record<string, string> = {};
  for (const { name } of rows.filter(({ name }) => !without.test(name))) {
    const pool = /^(bullmq|migrations)/.test(name) ? db.migrator : db.owner;
    const counted = await pool.query<{ n: number; sum: string }>(
      `select count(*) as n, coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text as sum from ${name} t`,
    );
    picture[name] = `${counted.rows[0]?.n} rows, ${counted.rows[0]?.sum}`;
  }
  return picture;
}

/** Answers of the HTTP API to typical requests of customers. */
export async function answersOf(
  db: Database,
  dataDir: string,
  tenants: Pick<TestTenant, 'keys'>[],
): Promise<[number, string, Json][]> {
  const api = await useApi(db, { MIRANTE_DATA_DIR: dataDir });
  const from = new Date(Date.now() - 120 * DAY_MS).toISOString().slice(0, 10);
  const window = `from=${from}T00:00:00Z&to=2100-01-01T00:00:00Z`;
  const answers: [number, string, Json][] = [];
  try {
    for (const { keys } of tenants) {
      for (const path of [
        `/v1/metrics/events.count?interval=total&group_by=type&${window}`,
        `/v1/metrics/validations.count?interval=total&group_by=marketplace&${window}`,
        `/v1/metrics/latency.p95?interval=total&${window}`,
        '/v1/events?limit=1000',
        '/v1/data-quality',
      ]) {
        const { status, body } = await api.call('GET', path, keys.read);
        answers.push([status, path, body.data]);
      }
    }
  } finally {
    await api.close();
  }
  return answers;
}
