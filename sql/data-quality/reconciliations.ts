import type { Client } from '../database/db.ts';

/** The first place where a tenant's counts do not agree. Times are in UTC. */
export type CountDifference = {
  /**
   * What differs from the receipts: an hour of raw events, of the hourly roll-up or of rejected input, or a day of the daily
   * roll-up.
   */
  where: 'raw' | 'hourly' | 'daily' | 'quarantine';
  at: string;
  receipts: number;
  found: number;
};

export type Reconciliation = {
  tenant_id: string;
  ran_at: Date;
  hours: number;
  receipts: number;
  raw: number;
  rolled_up: number;
  quarantined: number;
  differences: number;
  first_difference: CountDifference | null;
};

// Keeps the sums of all tenants and hours in memory, not on disk.
const WORK_MEM = '64MB';

// One statement sees one consistent state, even while events arrive. Rows on the ledger are stored and may or may not be in the
// roll-ups yet, so a roll-up is correct between the receipts without the ledger (low) and with it (high). Everything is read from
// $1 on, and judged as far back as it is retained, so that the planner knows how much that is.
const COMPARE = `
with since as (
    select s.receipts, greatest(s.receipts, max(h.retained_from) filter (where h.name = 'events')) as raw,
        greatest(s.receipts, max(h.retained_from) filter (where h.name = 'quarantine')) as quarantine,
        greatest(s.receipts, (select retained_from from storage.rollups where name = 'events_hourly')) as hourly,
        greatest(s.receipts, (select retained_from from storage.rollups where name = 'events_daily')) as daily
    from storage.hypertables h, (select $1::timestamptz as receipts) s group by s.receipts
), unknown as materialized (
    select distinct hour from private.dirty_hours where tenant_id is null
), leaving as materialized (
    select tenant_id from private.offboardings where completed_at is null
), sides as (
    select tenant_id, hour, accepted as low, accepted as high, accepted as receipts, quarantined as refused,
        0::bigint as raw, 0::bigint as hourly, 0::bigint as kept
    from private.receipts where hour >= $1
    union all
    select tenant_id, hour, least(events, 0), greatest(events, 0), events, quarantined, 0, 0, 0
    from private.dirty_hours where tenant_id is not null and hour >= $1
    union all
    select tenant_id, date_bin('1 hour', time, 'epoch'), 0, 0, 0, 0, count(*), 0, 0
    from private.events where time >= $1 group by 1, 2
    union all
    select tenant_id, bucket, 0, 0, 0, 0, 0, sum(events)::bigint, 0
    from private.events_hourly where bucket >= $1 group by 1, 2
    union all
    select tenant_id, date_bin('1 hour', received_at, 'epoch'), 0, 0, 0, 0, 0, 0, count(*)
    from private.quarantine where received_at >= $1 group by 1, 2
), hours as materialized (
    select tenant_id, hour, sum(low) as low, sum(high) as high, sum(receipts) as receipts, sum(refused) as refused,
        sum(raw) as raw, sum(hourly) as hourly, sum(kept) as kept
    from sides
    where tenant_id not in (select tenant_id from leaving) and hour not in (select hour from unknown)
    group by 1, 2
), days as (
    select tenant_id, day, sum(low) as low, sum(high) as high, sum(receipts) as receipts, sum(daily) as daily
    from (
        select tenant_id, date_trunc('day', hour, 'UTC') as day, low, high, receipts, 0 as daily from hours
        union all
        select tenant_id, bucket, 0, 0, 0, sum(events) from private.events_daily where bucket >= $1 group by 1, 2
    ) d
    where day >= (select daily from since) and tenant_id not in (select tenant_id from leaving)
        and day not in (select date_trunc('day', hour, 'UTC') from unknown)
    group by 1, 2
), differences as (
    select tenant_id, hour as at, 1 as n, 'raw' as place, receipts, raw as found
    from hours where hour >= (select raw from since) and raw <> receipts
    union all
    select tenant_id, hour, 2, 'hourly', receipts, hourly
    from hours where hour >= (select hourly from since) and hourly not between low and high
    union all
    select tenant_id, day, 3, 'daily', receipts, daily from days where daily not between low and high
    union all
    select tenant_id, hour, 4, 'quarantine', refused, kept
    from hours where hour >= (select quarantine from since) and kept <> refused
), firsts as (
    select distinct on (tenant_id) tenant_id, count(*) over (partition by tenant_id) as differences,
        jsonb_build_object('where', place, 'at', to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
            'receipts', receipts, 'found', found) as first_difference
    from differences order by tenant_id, at, n
), totals as (
    select tenant_id, count(*) as hours, sum(receipts) as receipts, sum(raw) as raw, sum(hourly) as rolled_up, sum(kept) as quarantined
    from hours group by 1
)
select tenant_id, clock_timestamp() as ran_at, coalesce(hours, 0) as hours, coalesce(receipts, 0) as receipts, coalesce(raw, 0) as raw,
    coalesce(rolled_up, 0) as rolled_up, coalesce(quarantined, 0) as quarantined, coalesce(differences, 0) as differences, first_difference
from totals full join firsts using (tenant_id)`;

/**
 * For every tenant and hour from `since` on, the start of a UTC day: compares receipts with stored rows, and these with the
 * roll-ups, to the event, as far back as each is retained. Stores and returns one row for each tenant.
 */
export async function reconcileAll(client: Client, since: Date): Promise<Reconciliation[]> {
  await client.query(`set work_mem = '${WORK_MEM}'`);
  // A separate statement from the insert, because PostgreSQL does not run a statement that writes in parallel.
  const { rows } = await client.query<Reconciliation>(COMPARE, [since]);
  await client.query('reset work_mem');
  await client.query(
    `insert into private.reconciliations
     select r.* from jsonb_populate_recordset(null::private.reconciliations, $1) r
     where not exists (select from private.offboardings o where o.tenant_id = r.tenant_id)`,
    [JSON.stringify(rows)],
  );
  return rows;
}

/** The tenant's last reconciliation; undefined before the first night. */
export async function lastReconciliation(client: Client): Promise<Omit<Reconciliation, 'tenant_id'> | undefined> {
  const { rows } = await client.query<Omit<Reconciliation, 'tenant_id'>>(
    `select ran_at, hours, receipts, raw, rolled_up, quarantined, differences, first_difference
     from app.reconciliations order by ran_at desc limit 1`,
  );
  return rows[0];
}
