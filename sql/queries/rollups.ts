import { type Client, type Pool, withClient, withTransaction } from '../db.ts';

/** A roll-up in the catalogue of the engine port; times in milliseconds since 1970. */
export type Rollup = { name: string; source: string; width: number; materialisedTo: number };

/** Rows of the ledger, by their ids, the hours that they mark, and those of them whose rows were deleted. */
export type Ledger = { ids: number[]; hours: number[]; forced: number[] };

/**
 * Runs `work` on a connection that alone may refresh or drop, outside a transaction. Gives undefined, and does nothing,
 * where another holds that right and `wait` is false.
 */
export async function withRefreshLock<T>(
  pool: Pool,
  wait: boolean,
  work: (client: Client) => Promise<T>,
): Promise<T | undefined> {
  // The lock is held by a transaction on a connection of its own, because a refresh of TimescaleDB can be in none.
  return withTransaction(pool, 'begin', async (guard) => {
    const lock = `select from storage.locks where name = 'refresh' for update ${wait ? '' : 'skip locked'}`;
    const held = await guard.query(lock);
    return held.rowCount === 1 ? withClient(pool, work) : undefined;
  });
}

/** All roll-ups, each after its source. */
export async function listRollups(client: Client): Promise<Rollup[]> {
  const { rows } = await client.query<{ name: string; source: string; width: number; materialised_to: Date }>(
    `select name, source, (extract(epoch from width) * 1000)::double precision as width, materialised_to
     from storage.rollups order by storage.rollups.width, name`,
  );
  return rows.map(({ materialised_to, ...rollup }) => ({ ...rollup, materialisedTo: materialised_to.getTime() }));
}

/** The oldest rows of the ledger that are visible now. */
export async function readLedger(client: Client, limit: number): Promise<Ledger> {
  const { rows } = await client.query<{ ids: number[]; hour: Date; forced: boolean }>(
    `select array_agg(id::double precision) as ids, hour, bool_or(forced) as forced
     from (select id, hour, forced from private.dirty_hours order by id limit $1) d
     group by hour`,
    [limit],
  );
  const hoursOf = (some: typeof rows) => some.map((row) => row.hour.getTime());
  return { ids: rows.flatMap((row) => row.ids), hours: hoursOf(rows), forced: hoursOf(rows.filter((row) => row.forced)) };
}

/** Takes exactly these rows off the ledger. */
export async function clearLedger(client: Client, ids: number[]): Promise<void> {
  await client.query('delete from private.dirty_hours where id = any($1::bigint[])', [ids]);
}

/** Whether rows that have committed are missing from a roll-up's materialised part. */
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
 * Removes one tenant from all roll-ups, also from buckets older than its raw rows, which must be gone. To be called by who holds
 * the refresh lock: each goes after its source, so that none is made again. Gives how many rows that were.
 */
export async function eraseTenantFromRollups(client: Client, tenantId: string): Promise<number> {
  let erased = 0;
  for (const { name } of await listRollups(client)) {
    const { rows } = await client.query<{ n: number }>('select storage.erase_rollup_tenant($1, $2) as n', [name, tenantId]);
    erased += rows[0]?.n ?? 0;
  }
  return erased;
}
