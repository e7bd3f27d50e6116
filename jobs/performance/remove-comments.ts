import type { Logger } from '../../lib/log.ts';
import type { Pool } from '../../sql/database/db.ts';
import { removeOldComments } from '../../sql/performance/feedback.ts';

/** Removes comments that are older than their service keeps them. Ratings stay. */
export async function removeComments({ pool, log }: { pool: Pool; log: Logger }): Promise<void> {
  const removed = await removeOldComments(pool);
  if (removed > 0) log.info({ removed }, 'comments past their retention removed');
}
