import { type Pool, withTenant } from '../database/db.ts';

/** Features whose uses are counted one by one; opened dashboards have a count of their own. */
export type CountedFeature = 'benchmarks' | 'exports';

/** Counts that a tenant used a feature, today in UTC. */
export async function noteUsed(pool: Pool, tenantId: string, feature: CountedFeature): Promise<void> {
  await withTenant(pool, tenantId, (client) => client.query('select door.note_used($1)', [feature]), 'login');
}

/** What all customers together did in the last seven days that are over, and how that grows. */
export type Usage = {
  dashboard_opens: number;
  dashboard_tenants: number;
  benchmark_reads: number;
  benchmark_tenants: number;
  /** Of the customers that have the feature; null where none has. */
  benchmark_tenants_share: number | null;
  insights: number;
  /** Of thirty days against the thirty before; null where there was nothing before. */
  insight_growth: number | null;
};

/** As operations may read it. */
export async function readUsage(pool: Pool): Promise<Usage[]> {
  const { rows } = await pool.query<Usage>('select * from ops.usage()');
  return rows;
}
