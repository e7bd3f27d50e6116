import type { Config } from '../lib/config.ts';
import type { Client } from '../sql/db.ts';
import {
  dropBefore,
  dropBoundary,
  forgetExpired,
  isServedBefore,
  type Relation,
  retainFrom,
} from '../sql/queries/retention.ts';
import { listRollups, withRefreshLock } from '../sql/queries/rollups.ts';
import { type RefreshDeps, refreshLocked, refreshRollups } from './refresh-rollups.ts';

export type RetentionDeps = RefreshDeps & {
  config: Pick<
    Config,
    'RAW_RETENTION_DAYS' | 'AGGREGATE_RETENTION_DAYS' | 'QUARANTINE_RETENTION_DAYS' | 'ACCESS_LOG_RETENTION_DAYS'
  >;
};

/** An event that was young enough when it was checked may still be on its way into its partition. */
const GRACE_MS = 3_600_000;
const DAY_MS = 86_400_000;

/**
 * Drops what has outlived its retention, whole partitions or chunks. Refreshes come first and share its lock: a refresh that
 * found rows there and recomputed after they had gone would erase the aggregates made from them.
 */
export async function runRetention(deps: RetentionDeps): Promise<void> {
  await withRefreshLock(deps.pool, true, async (client) => {
    await refreshLocked(client, deps);
    const { RAW_RETENTION_DAYS: raw, QUARANTINE_RETENTION_DAYS: quarantine, AGGREGATE_RETENTION_DAYS: kept } = deps.config;
    await drop(client, deps, { name: 'events', kind: 'hypertable' }, 'RAW_RETENTION_DAYS', raw);
    await drop(client, deps, { name: 'rule_hits', kind: 'hypertable' }, 'RAW_RETENTION_DAYS', raw);
    await drop(client, deps, { name: 'quarantine', kind: 'hypertable' }, 'QUARANTINE_RETENTION_DAYS', quarantine);
    await drop(client, deps, { name: 'quality_results', kind: 'hypertable' }, 'AGGREGATE_RETENTION_DAYS', kept);
    const accesses = deps.config.ACCESS_LOG_RETENTION_DAYS;
    await drop(client, deps, { name: 'access_log', kind: 'hypertable' }, 'ACCESS_LOG_RETENTION_DAYS', accesses);
    await drop(client, deps, { name: 'probes', kind: 'hypertable' }, 'ACCESS_LOG_RETENTION_DAYS', accesses);
    // What is made from a roll-up goes first, as it could not be made again.
    for (const { name } of (await listRollups(client)).reverse()) {
      await drop(client, deps, { name, kind: 'rollup' }, 'AGGREGATE_RETENTION_DAYS', kept);
    }
    const forgotten = await forgetExpired(client, deps.clock(), kept);
    deps.log.info({ forgotten }, 'expired keys and counters deleted');
  });
  // Refreshes that found the lock taken rely on its holder to look again.
  await refreshRollups(deps);
}

async function drop(client: Client, deps: RetentionDeps, relation: Relation, rule: string, days: number): Promise<void> {
  const cutoff = new Date(deps.clock().getTime() - days * DAY_MS - GRACE_MS);
  const boundary = await dropBoundary(client, relation, cutoff);
  if (!boundary) return;
  if (!(await isServedBefore(client, relation.name, boundary))) {
    throw new Error(`${relation.name} is kept: a roll-up does not hold all that lies before ${boundary.toISOString()} yet`);
  }
  await retainFrom(client, relation, boundary);
  const dropped = await dropBefore(client, relation, boundary, `${rule}=${days}`);
  if (dropped > 0) deps.log.info({ relation: relation.name, dropped, dropped_to: boundary, rule }, 'retention');
}
