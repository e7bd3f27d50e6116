import type { Pool } from '../database/db.ts';

/** A run of the archive, as the operator sees it: what it wrote, and what it removed from the database then. */
export type ListedRun = {
  started_at: Date;
  ended_at: Date | null;
  boundary: Date | null;
  files: number;
  rows: number;
  bytes: number;
  removed: number;
  failed: boolean;
};

/** The last runs, newest first. */
export async function listArchiveRuns(ops: Pool, limit: number): Promise<ListedRun[]> {
  const { rows } = await ops.query<ListedRun>('select * from ops.archive_runs order by started_at desc limit $1', [limit]);
  return rows;
}
