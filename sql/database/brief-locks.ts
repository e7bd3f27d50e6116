import { setTimeout } from 'node:timers/promises';
import { type Client, type Pool, withClient, withTransaction } from './db.ts';

/** All others queue behind who waits for a table's exclusive lock, so it is waited for this long, and then asked for again after a pause. */
const LOCK_TIMEOUT_MS = 250;
const PAUSES_MS = [200, 400, 800, 1_600, 3_200, 3_200, 3_200, 3_200];

/** From this attempt on, sessions of customers that are in the way are ended. The platform's own are not: they end by themselves. */
const ENDS_BLOCKERS_FROM = 5;

/** By then, an attempt waits for its lock. */
const LOOKS_AFTER_MS = 80;

/**
 * Runs `work` in a transaction that needs locks which keep everybody out, again while it does not get them at once. The pool needs two
 * connections, of the owner or the migrator.
 */
export async function withBriefLocks<T>(pool: Pool, work: (client: Client) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const pause = PAUSES_MS[attempt - 1];
    const done = new AbortController();
    let ending: Promise<unknown> | undefined;
    try {
      return await withTransaction(pool, `begin; set local lock_timeout = ${LOCK_TIMEOUT_MS}`, (client) => {
        if (attempt >= ENDS_BLOCKERS_FROM) ending = endBlockers(pool, client, done.signal);
        return work(client);
      });
    } catch (error) {
      if ((error as { code?: string }).code !== '55P03' || pause === undefined) throw error;
      await setTimeout(pause);
    } finally {
      done.abort();
      // Where it could not look, the next attempt does.
      await Promise.allSettled([ending]);
    }
  }
}

async function endBlockers(pool: Pool, client: Client, done: AbortSignal): Promise<void> {
  const { processID } = client as Client & { processID: number };
  await setTimeout(LOOKS_AFTER_MS, undefined, { signal: done });
  await withClient(pool, (other) => other.query('select door.end_blockers($1)', [processID]));
}
