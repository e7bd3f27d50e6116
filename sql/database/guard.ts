import { type Client, type Pool, withTransaction } from './db.ts';

/**
 * Begins a transaction that holds a lock. It disables timeouts of the server, database or login that would end it in the middle
 * of the work.
 */
export const BEGIN_GUARD = `begin; select set_config(name, '0', true) from pg_settings
  where name in ('idle_in_transaction_session_timeout', 'transaction_timeout')`;

/**
 * Runs `work` while a separate connection's transaction holds what `take` locked. Returns undefined, without running `work`, if
 * `take` returns false. `lost` aborts when that connection is gone: another worker may then get the lock, so the work must stop.
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
