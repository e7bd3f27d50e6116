import { type Client, type Pool, withClient } from '../database/db.ts';
import { withGuard } from '../database/guard.ts';

/** A roll-up in the catalogue of the engine port. Times are in milliseconds since 1970. */
export type Rollup = { name: string; source: string; width: number; materialisedTo: number };

/** An hour of the ledger, in milliseconds since 1970. */
export type Mark = {
  hour: number;
  /** Some of its rows were deleted, or a roll-up holds wrong rows. */
  forced: boolean;
  /**
   * Tenants whose events were added or removed; null if a row does not say. Empty: there was only rejected input or duplicates.
   */
  tenants: string[] | null;
};

/** Rows of the ledger, by their ids, and the hours that they mark. */
export type Ledger = { ids: number[]; marks: Mark[] };

/**
 * Runs `work` on the only connection that may refresh or drop, outside a transaction. If another has the lock and `wait` is
 * false, returns undefined without running `work`. `work` stops when the lock is lost.
 */
export async function withRefreshLock<T>(
  pool: Pool,
  wait: boolean,
  work: (client: Client, lost: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  // A separate connection's transaction holds the lock, because TimescaleDB cannot refresh inside a transaction.
  return withGuard(
    pool,
    async (guard) => {
      const lock = `select from storage.locks where name = 'refresh' for update ${wait ? '' : 'skip locked'}`;
      return (await guard.query(lock)).rowCount === 1;
    },
    (lost) =>
      withClient(
        pool,
        async (client) => {
          await awaitOrphans(client);
          return work(client, lost);
        },
        lost,
      ),
  );
}

// The backend of a killed program finishes its statement although its lock has ended. Nobody begins before it is done.
// refreshRollup() waits for what it changes in a roll-up.
async function awaitOrphans(client: Client): Promise<void> {
  await client.query('begin; lock table private.receipts, private.restatements in share row exclusive mode; commit');
}

/** All roll-ups, each after its source. */
export async function listRollups(client: Client): Promise<Rollup[]> {
  const { rows } = await client.query<{ name: string; source: string; width: number; materialised_to: Date }>(
    `select name, source, (extract(epoch from width) * 1000)::double precision as width, materialised_to
     from storage.rollups order by storage.rollups.width, name`,
  );
  return rows.map(({ materialised_to, ...rollup }) => ({ ...rollup, materialisedTo: materialised_to.getTime() }));
}

/** The oldest ledger rows that are visible now, at most `limit`. Rows of an hour that has not begun wait for it. */
export async function readLedger(client: Client, limit: number): Promise<Ledger> {
  const { rows } = await client.query<{ ids: number[]; hour: Date; forced: boolean; tenants: string[] | null }>(
    `select array_agg(id::double precision) as ids, hour, bool_or(forced) as forced,
       case when every(tenant_id is not null)
           then coalesce(array_agg(distinct tenant_id::text) filter (where events <> 0 or forced), '{}') end as tenants
     from (select * from private.dirty_hours where hour <= now() order by id limit $1) d
     group by hour`,
    [limit],
  );
  return {
    ids: rows.flatMap((row) => row.ids),
    marks: rows.map(({ hour, forced, tenants }) => ({ hour: hour.getTime(), forced, tenants })),
  };
}

/**
 * Deletes exactly these rows from the ledger, adds their counts to the receipts, and hands their hours on to the journeys of
 * services, in one statement. Only the holder of the refresh lock does this, so nobody waits for these rows.
 */
export async function clearLedger(client: Client, ids: number[]): Promise<void> {
  await client.query(
    `with served as (
       delete from private.dirty_hours where id = any($1::bigint[]) returning tenant_id, hour, events, forced, duplicates, quarantined
     ), journeys as (
       insert into private.dirty_journeys (tenant_id, hour, forced)
       select t.tenant_id, d.hour, bool_or(d.forced)
       from served d join (select distinct tenant_id from private.services where started is not null) t on t.tenant_id = coalesce(d.tenant_id, t.tenant_id)
       where d.tenant_id is null or d.events <> 0 or d.forced
       group by 1, 2
     )
     insert into private.receipts as r (tenant_id, hour, accepted, duplicates, quarantined)
     select tenant_id, hour, sum(events), sum(duplicates), sum(quarantined) from served where tenant_id is not null group by 1, 2
     on conflict (tenant_id, hour) do update set accepted = r.accepted + excluded.accepted,
       duplicates = r.duplicates + excluded.duplicates, quarantined = r.quarantined + excluded.quarantined`,
    [ids],
  );
}

/**
 * Recounts the receipts of these hours, so that receipts and ledger together equal what is stored. Receipts of rows that
 * retention has dropped stay as they are.
 */
export async function settleReceipts(client: Client, hours: number[]): Promise<void> {
  const marked = hours.map((hour) => new Date(hour));
  const end = new Date(Math.max(...hours) + 3_600_000);
  await client.query(
    `with kept as (
       select max(retained_from) filter (where name = 'events') as events,
           max(retained_from) filter (where name = 'quarantine') as quarantine
       from storage.hypertables
     ), found as (
       select tenant_id, date_trunc('hour', time, 'UTC') as hour, count(*) as accepted, 0 as quarantined
       from private.events where time >= $2 and time < $3 group by 1, 2
       union all
       select tenant_id, date_trunc('hour', received_at, 'UTC'), 0, count(*)
       from private.quarantine where received_at >= $2 and received_at < $3 group by 1, 2
       union all
       select tenant_id, hour, -events, -quarantined from private.dirty_hours where tenant_id is not null
       union all
       select tenant_id, hour, 0, 0 from private.receipts where hour >= $2 and hour < $3
     )
     insert into private.receipts as r (tenant_id, hour, accepted, duplicates, quarantined, settled)
     select f.tenant_id, f.hour, sum(f.accepted), 0, sum(f.quarantined), true
     from found f, kept k where f.hour = any($1::timestamptz[]) and f.hour >= least(k.events, k.quarantine) group by 1, 2
     on conflict (tenant_id, hour) do update set settled = true,
       accepted = case when excluded.hour >= (select events from kept) then excluded.accepted else r.accepted end,
       quarantined = case when excluded.hour >= (select quarantine from kept) then excluded.quarantined else r.quarantined end`,
    [marked, new Date(Math.min(...hours)), end],
  );
}

/** Whether committed rows are missing from a roll-up's materialised part. */
export async function isDirty(client: Client | Pool): Promise<boolean> {
  const { rows } = await client.query<{ dirty: boolean }>(
    `select exists (
       select from private.dirty_hours where hour < (select max(materialised_to) from storage.rollups)
     ) as dirty`,
  );
  return rows[0]?.dirty ?? false;
}

/** From `to` on, readers get this roll-up's rows live from its source. */
export async function advanceRollup(client: Client, name: string, to: Date): Promise<void> {
  await client.query('update storage.rollups set materialised_to = greatest(materialised_to, $2) where name = $1', [name, to]);
}

/**
 * Removes one tenant from all roll-ups, including buckets older than its raw rows. Its raw rows must be gone. The caller holds
 * the refresh lock. Each roll-up is erased after its source, so that no row is rebuilt. Returns the number of rows removed.
 */
export async function eraseTenantFromRollups(client: Client, tenantId: string): Promise<number> {
  let erased = 0;
  for (const { name } of await listRollups(client)) {
    const { rows } = await client.query<{ n: number }>('select storage.erase_rollup_tenant($1, $2) as n', [name, tenantId]);
    erased += rows[0]?.n ?? 0;
  }
  return erased;
}
