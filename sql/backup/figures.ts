import { createPool, type Pool } from '../database/db.ts';
import { METRICS, type Metric } from '../metrics/catalogue.ts';
import { readMetric } from '../metrics/metrics.ts';
import { DAY } from '../metrics/windows.ts';
import { listTenants } from '../tenants/tenants.ts';

/** The answer of `events.count` for thirty whole days, by tenant id. */
export type BackupMetrics = Map<string, number>;

const TENANTS = 100;

/**
 * Reads the metrics as the API does, with its own login. The days end at `until`, so that a backup can be asked the same later.
 */
export async function readFigures(apiUrl: string, until: Date): Promise<BackupMetrics> {
  const pool = createPool(apiUrl, { max: 1, name: 'mirante restore drill' });
  try {
    const figures: BackupMetrics = new Map();
    for (const { id } of await listTenants(pool, undefined, TENANTS)) figures.set(id, await readOne(pool, id, until));
    return figures;
  } finally {
    await pool.end();
  }
}

async function readOne(pool: Pool, tenantId: string, until: Date): Promise<number> {
  const metric = METRICS.find(({ name }) => name === 'events.count') as Metric;
  const to = Math.floor((until.getTime() * 1000) / DAY) * DAY;
  const window = { from: to - 30 * DAY, to };
  const answer = await readMetric(pool, tenantId, {
    metric,
    window,
    interval: 'total',
    zone: 'UTC',
    groupBy: [],
    filters: [],
  });
  return answer.rows[0]?.value ?? 0;
}

/**
 * Throws if a restored metric is not between the platform's answers before and after the backup; late events may make these
 * differ. Skips tenants that were created or removed in the meantime. Returns how many were compared.
 */
export function compareFigures(before: BackupMetrics, after: BackupMetrics, restored: BackupMetrics): number {
  let compared = 0;
  for (const [tenant, first] of before) {
    const last = after.get(tenant);
    if (last === undefined) continue;
    const found = restored.get(tenant);
    if (found === undefined || found < Math.min(first, last) || found > Math.max(first, last))
      throw new Error(
        `events.count of tenant ${tenant} is ${found ?? 'unknown'} after the restore, where it was ${first} to ${last}.`,
      );
    compared += 1;
  }
  return compared;
}
