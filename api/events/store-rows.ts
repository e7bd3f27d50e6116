import type { Queues } from '../../jobs/queues.ts';
import type { Pool } from '../../sql/database/db.ts';
import { type EventRow, storeEvents } from '../../sql/events/events.ts';

const HOUR_US = 3600_000_000;

/**
 * Stores rows in one statement, and requests a refresh if a row belongs to an earlier hour. Metrics read the current hour live;
 * earlier hours show new rows only after a refresh.
 */
export async function storeRows(pool: Pool, queues: Pick<Queues, 'enqueueRefresh'>, rows: EventRow[]) {
  const thisHour = Math.floor((Date.now() * 1000) / HOUR_US) * HOUR_US;
  const outcome = await storeEvents(pool, rows);
  if (rows.some(({ time }) => time < thisHour)) queues.enqueueRefresh();
  return outcome;
}
