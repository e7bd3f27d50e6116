import { setTimeout } from 'node:timers/promises';
import type { Logger } from '../../lib/log.ts';
import type { Pool } from '../../sql/database/db.ts';
import { endSessions } from '../../sql/tenants/sql-sessions.ts';

const EVERY_MS = 10_000;

/**
 * Ends customer sessions that exceed their limits, every ten seconds until the signal. It uses a timer and its own connection,
 * not the queue, because such a session may be what blocks the queue or the other connections. `pool` must not be shared.
 */
export async function watchSessions({ pool, log, signal }: { pool: Pool; log: Logger; signal: AbortSignal }): Promise<void> {
  while (!signal.aborted) {
    try {
      for (const ended of await endSessions(pool)) log.warn(ended, 'a session of a customer was ended');
    } catch (error) {
      if (!signal.aborted) log.error({ err: error }, 'cannot check the sessions of customers; will retry');
    }
    await setTimeout(EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}
