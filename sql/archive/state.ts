import type { Pool } from '../database/db.ts';

export type ArchiveState = { status: 'proved' | 'live' | 'condemned'; files: number; rows: number; bytes: number };

/** Files of all customers together, by status. */
export async function readArchive(ops: Pool): Promise<ArchiveState[]> {
  const { rows } = await ops.query<ArchiveState>(
    `select s.status, coalesce(sum(a.files), 0) as files, coalesce(sum(a.rows), 0) as rows, coalesce(sum(a.bytes), 0) as bytes
     from unnest(array['proved', 'live', 'condemned']) s (status)
         left join (ops.archive a join ops.tenants t on t.id = a.tenant_id and t.kind <> 'canary') on a.status = s.status
     group by s.status`,
  );
  return rows;
}

export type LastRun = { succeeded_at: number | null; failures: number };

/**
 * When the last successful run ended, in seconds since 1970, and how many have failed since. Runs without work are not recorded.
 */
export async function lastArchiveRuns(ops: Pool): Promise<LastRun[]> {
  const { rows } = await ops.query<LastRun>(
    `with good as (select max(ended_at) as at from ops.archive_runs where not failed)
     select extract(epoch from at)::double precision as succeeded_at,
         (select count(*) from ops.archive_runs r where r.failed and r.ended_at > coalesce(g.at, '-infinity')) as failures
     from good g`,
  );
  return rows;
}
