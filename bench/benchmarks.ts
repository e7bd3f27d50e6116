import { readFileSync } from 'node:fs';
import { type Client, withClient } from '../sql/database/db.ts';
import type { Stage } from './stage.ts';

const DAYS = 90;
/** Limit in seconds for a monthly snapshot of all metrics. */
const LIMIT_S = 30;

/**
 * Monthly snapshots of 20 metrics over 90 days of daily roll-ups, at 250, 500 and 1,000 tenants: the time of all, one after
 * the other as the job builds them, and its growth. Roll-up rows are inserted directly, for each tenant and day as many as
 * five marketplaces and forty duration bins make.
 */
export async function benchBenchmarks({ owner, tenants }: Stage, note: (sentence: string) => void) {
  await declareTwenty(owner);
  await owner.query(
    `insert into private.benchmark_consents (id, tenant_id, accepted, text_version)
     select gen_random_uuid(), id, true, 'bench' from unnest($1::uuid[]) id`,
    [tenants.map(({ id }) => id)],
  );
  await owner.query(
    `update private.tenants t set attributes = jsonb_build_object('segment', 's' || u.n % 8)
     from unnest($1::uuid[]) with ordinality u (id, n) where t.id = u.id`,
    [tenants.map(({ id }) => id)],
  );
  // So that the platform's own job finds today's snapshots already requested.
  await owner.query(
    `insert into private.benchmark_builds (id, metric, period, status, completed_at)
     select gen_random_uuid(), metric, to_char(now() at time zone 'UTC' - interval '7 days', 'IYYY-"W"IW'), 'completed', now()
     from private.benchmarks`,
  );
  const seconds: Record<string, number> = {};
  const processor: Record<string, number> = {};
  let filled = 0;
  for (const count of [tenants.length / 4, tenants.length / 2, tenants.length]) {
    await fill(
      owner,
      tenants.slice(filled, count).map(({ id }) => id),
    );
    filled = count;
    note(`${count} tenants`);
    const [wall, cpu] = await withClient(owner, build);
    seconds[`${count} tenants`] = wall;
    processor[`${count} tenants`] = cpu;
  }
  const [quarter, , whole] = Object.values(processor) as [number, number, number];
  return {
    metrics: 20,
    days: DAYS,
    seconds,
    'of the limit of 30 s': (seconds[`${tenants.length} tenants`] as number) / LIMIT_S,
    'seconds of one core': processor,
    'growth from a quarter, over 4': whole / quarter / 4,
  };
}

type Pool = Stage['owner'];

// The declared metrics, and more under other names: percentiles, the most expensive kind, in the declared proportion.
async function declareTwenty(owner: Pool): Promise<void> {
  const { rows } = await owner.query<{ definition: string }>(
    "select pg_get_viewdef('private.benchmarks'::regclass) as definition",
  );
  const declared = rows[0]?.definition.replace(/;\s*$/, '');
  await owner.query(`create or replace view private.benchmarks as
    with declared as (${declared})
    select (case n when 0 then metric else metric || '.' || n end) as metric, unit, class, description, source, figure, percentile, volume, dimension,
        least_volume, interval '0' as rest, 1.0 as largest_share, 1.0 as two_largest_share
    from (select d.*, n, row_number() over (order by n, metric) as place from declared d, generate_series(0, 2) n) d where place <= 20`);
}

async function fill(owner: Pool, ids: string[]): Promise<void> {
  const days = `(select date_trunc('day', now(), 'UTC') - n * interval '1 day' as bucket from generate_series(1, ${DAYS}) n) d`;
  const rows = (table: string, columns: string, from: string) =>
    owner.query(`insert into private.${table}_daily_rows (tenant_id, bucket, ${columns}) select t.id, d.bucket, ${from}`, [
      ids,
    ]);
  const tenantDays = `from unnest($1::uuid[]) t (id), ${days}`;
  await rows(
    'events',
    'type, outcome, route, events, bytes',
    `'type ' || k, o, null, 20 + random() * 50, 9 ${tenantDays}, generate_series(1, 3) k, unnest(array['success', 'failure']) o`,
  );
  await rows(
    'validations',
    'marketplace, outcome, validations, rows, errors, warnings',
    `'m' || k, o, 10 + random() * 9, 1000, random() * 90, 1 ${tenantDays}, generate_series(1, 5) k, unnest(array['success', 'failure']) o`,
  );
  await rows(
    'corrections',
    'marketplace, rule, corrections, rows',
    `'m' || k, 'r' || r, random() * 9, 9 ${tenantDays}, generate_series(1, 5) k, generate_series(1, 3) r`,
  );
  await rows(
    'latency',
    'type, route, bin, events',
    `'type', null, 100 + random() * 9 + b, 1 + random() * 5 ${tenantDays}, generate_series(1, 40) b`,
  );
  await owner.query('analyze');
}

// Returns the elapsed seconds, and the CPU seconds of the database process.
async function build(client: Client): Promise<[wall: number, cpu: number]> {
  // Published snapshots of a smaller population must not affect the next.
  await client.query('alter table private.benchmark_snapshots disable trigger append_only');
  await client.query('truncate private.benchmark_snapshots, private.benchmark_panels');
  await client.query('alter table private.benchmark_snapshots enable trigger append_only');
  const { rows } = await client.query<{ id: string; pid: number }>(
    `insert into private.benchmark_builds (id, metric, period)
     select gen_random_uuid(), metric, to_char(date_trunc('month', now() at time zone 'UTC') - interval '1 month', 'YYYY-MM')
     from private.benchmarks returning id, pg_backend_pid() as pid`,
  );
  const pid = rows[0]?.pid as number;
  const [started, busy] = [performance.now(), coreSeconds(pid)];
  for (const { id } of rows) await client.query('select private.build_benchmark($1, 10)', [id]);
  const spent: [number, number] = [(performance.now() - started) / 1000, coreSeconds(pid) - busy];
  const released = await client.query(
    "select from private.benchmark_snapshots where outcome = 'released' and dimension = 'all'",
  );
  if (released.rowCount !== 20) throw new Error(`Only ${released.rowCount} of 20 metrics were released.`);
  return spent;
}

const TICKS_PER_SECOND = 100;

function coreSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
