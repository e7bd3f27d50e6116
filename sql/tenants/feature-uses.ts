import { type Pool, withTenant } from '../database/db.ts';

/** Features whose uses are counted singly. Opened dashboards have a count of their own. */
export type CountedFeature = 'benchmarks' | 'exports';

/** Counts one use of a feature by a tenant, today in UTC. */
export async function noteUsed(pool: Pool, tenantId: string, feature: CountedFeature): Promise<void> {
  await withTenant(pool, tenantId, (client) => client.query('select door.note_used($1)', [feature]), 'login');
}

/** Use by all customers together in the last seven complete days, and its growth. */
export type Usage = {
  dashboard_opens: number;
  dashboard_tenants: number;
  benchmark_reads: number;
  benchmark_tenants: number;
  /** Share of the customers that have the feature; null if none has. */
  benchmark_tenants_share: number | null;
  insights: number;
  /** Thirty days compared with the thirty before; null if there was nothing before. */
  insight_growth: number | null;
};

/** The same, read as operations. */
export async function readUsage(pool: Pool): Promise<Usage[]> {
  const { rows } = await pool.query<Usage>('select * from ops.usage()');
  return rows;
}
