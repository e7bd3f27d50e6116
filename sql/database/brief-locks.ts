import { setTimeout } from 'node:timers/promises';
import { type Client, type Pool, withClient, withTransaction } from './db.ts';

/** Every other session queues behind a waiting exclusive lock. So each attempt waits this long, pauses, and tries again. */
const LOCK_TIMEOUT_MS = 250;
const PAUSES_MS = [200, 400, 800, 1_600, 3_200, 3_200, 3_200, 3_200];

/** From this attempt on, customer sessions that block the lock are ended. The platform's own sessions end by themselves. */
const ENDS_BLOCKERS_FROM = 5;

/** How long an attempt runs before its blockers are looked up: by then it waits for its lock. */
const LOOKS_AFTER_MS = 80;

/**
 * Runs `work` in a transaction that needs exclusive locks, and retries while it does not get them. Throws the lock timeout
 * (55P03) after the last attempt. The pool needs two connections and must belong to the owner or the migrator.
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
      // If it could not look for blockers, the next attempt does.
      await Promise.allSettled([ending]);
    }
  }
}

async function endBlockers(pool: Pool, client: Client, done: AbortSignal): Promise<void> {
  const { processID } = client as Client & { processID: number };
  await setTimeout(LOOKS_AFTER_MS, undefined, { signal: done });
  await withClient(pool, (other) => other.query('select door.end_blockers($1)', [processID]));
}
