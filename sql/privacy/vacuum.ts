import { type Pool, withClient } from '../database/db.ts';

/** Tables from which an erasure deletes, and that keep the deleted rows in their pages until they are vacuumed. */
const TABLES = [
  'events',
  'rule_hits',
  'quarantine',
  'idempotency_keys',
  'privacy_files',
  'export_jobs',
  'import_differences',
  'student_test_results',
  'test_scans',
  'replayed_scans',
  'journeys',
  'feedback',
];

/**
 * Vacuums what an erasure touched, so that the pages of the server, and copies of its files, no longer have the deleted values. A
 * row that an older transaction may still see stays until the next vacuum. Returns the tables that could not be vacuumed in time.
 */
export async function vacuumErased(pool: Pool, tables = TABLES): Promise<string[]> {
  const left: string[] = [];
  await withClient(pool, async (client) => {
    for (const table of tables) {
      await client.query(`vacuum (index_cleanup on, truncate off) private.${table}`).catch((error: { code?: string }) => {
        if (error.code !== '57014') throw error;
        left.push(table);
      });
    }
  });
  return left;
}

/** Vacuums the plain identifier of a completed request away. */
export const vacuumRequests = (pool: Pool) => vacuumErased(pool, ['privacy_requests']);
