import { setTimeout } from 'node:timers/promises';
import type { Pool } from '../database/db.ts';

const PATIENCE_MS = 60_000;
const PAUSE_MS = 5;

/**
 * Returns a moment up to which the stored events are complete: every event received before it is committed, and no event stored
 * later has an earlier `received_at`. Exact, and it never blocks writers: it waits for those that were storing when it was
 * called. Throws if one takes more than a minute. Call it as the owner, outside a transaction.
 */
export async function settledAt(pool: Pool): Promise<Date> {
  const { rows } = await pool.query<{ at: Date }>('select door.settle() as at');
  const { at } = rows[0] as { at: Date };
  const until = Date.now() + PATIENCE_MS;
  let under = await storing(pool);
  while (under.length > 0) {
    if (Date.now() > until) throw new Error('A transaction has been storing events for more than a minute.');
    await setTimeout(PAUSE_MS);
    const now = new Set(await storing(pool));
    under = under.filter((transaction) => now.has(transaction));
  }
  return at;
}

// Transactions that are storing events now.
async function storing(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>('select id from door.unsettled() id');
  return rows.map(({ id }) => id);
}
