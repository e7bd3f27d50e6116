import { type Pool, withClient } from '../database/db.ts';

/** Tables from which an erasure deletes, and that keep the deleted rows in their pages until they are vacuumed. */
const TABLES = ['events', 'rule_hits', 'quarantine', 'idempotency_keys', 'privacy_files', 'privacy_requests', 'export_jobs'];

/**
 * Vacuums what erasures touch, so that the pages of the server, and copies of its files, no longer have the deleted values. A row
 * that an older transaction may still see stays until the next vacuum; so does the write-ahead log, until it is recycled.
 */
export async function vacuumErased(pool: Pool): Promise<void> {
  await withClient(pool, async (client) => {
    for (const table of TABLES) await client.query(`vacuum (index_cleanup on, truncate off) private.${table}`);
  });
}
