import { type Client, inTransaction } from '../database/db.ts';
import { METRICS } from './catalogue.ts';
import { SOURCES } from './sources.ts';

type Noun = keyof typeof SOURCES;

/** A bucket of a roll-up that differs from its source. */
export type RollupFault = { rollup: string; tenant_id: string; bucket: Date };

// Keeps the sums of all tenants and hours in memory, not on disk.
const WORK_MEM = '64MB';

/**
 * Returns every bucket of every roll-up whose groups or sums differ from its source, as far back as the source is retained: hours
 * are compared with raw rows, days with hours. Buckets on the ledger are left out, because no refresh has served them yet.
 */
export async function findRollupFaults(client: Client): Promise<RollupFault[]> {
  const faults: RollupFault[] = [];
  await inTransaction(client, `begin; set local work_mem = '${WORK_MEM}'`, async () => {
    for (const noun of Object.keys(SOURCES) as Noun[]) {
      const hourly = relationOf(SOURCES[noun].hourly);
      faults.push(...(await compare(client, noun, `${noun}_hourly`, '1 hour', rawOf(noun))));
      faults.push(...(await compare(client, noun, `${noun}_daily`, '1 day', hourly)));
    }
  });
  return faults;
}

/**
 * Makes the next refresh rebuild these buckets, whatever the engine has recorded of them. Skips tenants that are being removed.
 */
export async function markFaults(client: Client, faults: RollupFault[]): Promise<void> {
  await client.query(
    `insert into private.dirty_hours (tenant_id, hour, forced)
     select distinct f.tenant_id, f.bucket, true from unnest($1::uuid[], $2::timestamptz[]) f (tenant_id, bucket)
     where f.tenant_id not in (select tenant_id from private.offboardings)`,
    [faults.map(({ tenant_id }) => tenant_id), faults.map(({ bucket }) => bucket)],
  );
}

// The relations of all tenants have the same names as one tenant's views, in another schema.
const relationOf = (name: string) => name.replace('app.', 'private.');
const rawOf = (noun: Noun) =>
  SOURCES[noun].raw.replace('(select ', '(select tenant_id, ').replaceAll(' from app.', ' from private.');

async function compare(client: Client, noun: Noun, rollup: string, width: string, source: string): Promise<RollupFault[]> {
  const metrics = METRICS.filter((metric) => metric.source === noun);
  const sums = [...new Set([SOURCES[noun].count, ...metrics.flatMap((metric) => metric.sums)])];
  const dims = [...new Set(metrics.flatMap((metric) => [...metric.dims, ...(metric.also ?? [])]))];
  const key = ['tenant_id', 'bucket', ...dims].join(', ');
  const total = sums.map((name) => `sum(${name})::numeric as ${name}`).join(', ');
  const { rows } = await client.query<RollupFault>(
    `with span as (
       select greatest(storage.first_whole_bucket($1), storage.retained_from($1)) as since, materialised_to as until
       from storage.rollups where name = $1
     ), made as (
       select ${key}, ${sums.map((name) => `${name}::numeric`).join(', ')} from private.${rollup}, span
       where bucket >= since and bucket < until
     ), wanted as (
       select ${key}, ${total}
       from (
         select tenant_id, date_bin($2::interval, bucket, 'epoch') as bucket, ${[...dims, ...sums].join(', ')} from ${source} s
         where bucket >= (select since from span) and bucket < (select until from span)
       ) b
       group by ${key}
     )
     select distinct $1 as rollup, d.tenant_id, d.bucket
     from ((table made except all table wanted) union all (table wanted except all table made)) d
     where not exists (
       select from private.dirty_hours h
       where h.hour >= d.bucket and h.hour < d.bucket + $2::interval and (h.tenant_id is null or h.tenant_id = d.tenant_id)
     )`,
    [rollup, width],
  );
  return rows;
}
