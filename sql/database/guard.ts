import { type Client, type Pool, withTransaction } from './db.ts';

/** Begins a transaction that holds a lock: an idle limit of the server, the database or the login would end it in the middle of the work. */
export const BEGIN_GUARD = `begin; select set_config(name, '0', true) from pg_settings
  where name in ('idle_in_transaction_session_timeout', 'transaction_timeout')`;

/**
 * Runs `work` while a transaction on a connection of its own holds what `take` has locked. Returns undefined, and does nothing, where `take`
 * returns false. `lost` aborts as soon as that connection is gone, because another may then hold the lock: the work must stop.
 */
export async function withGuard<T>(
  pool: Pool,
  take: (guard: Client) => Promise<boolean>,
  work: (lost: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  return withTransaction(pool, BEGIN_GUARD, async (guard) => {
    if (!(await take(guard))) return undefined;
    const lost = new AbortController();
    const onEnd = () => lost.abort(new Error('Connection terminated: it held the lock, so the work was stopped.'));
    guard.on('error', onEnd).on('end', onEnd);
    try {
      const result = await work(lost.signal);
      lost.signal.throwIfAborted();
      return result;
    } finally {
      guard.removeListener('error', onEnd).removeListener('end', onEnd);
    }
  });
}
