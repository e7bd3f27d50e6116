import { findRollupFaults, markFaults } from '../../sql/metrics/rollup-faults.ts';
import { withRefreshLock } from '../../sql/metrics/rollups.ts';
import { type RefreshDeps, refreshLocked } from './refresh-rollups.ts';

/** How often wrong buckets are rebuilt. The first round repairs hours, and days that were made from them. */
const ROUNDS = 3;

export type Repaired = {
  /** Buckets of roll-ups that were rebuilt and are correct now. */
  mended: number;
  /** Buckets that are still wrong. */
  left: number;
};

/** Rebuilds every hour and day of the roll-ups that differs from the raw events. Waits for a running refresh. */
export async function repairRollups(deps: RefreshDeps): Promise<Repaired> {
  const repaired = await withRefreshLock(deps.pool, true, async (client) => {
    await refreshLocked(client, deps);
    const first = await findRollupFaults(client);
    let left = first;
    for (let round = 0; round < ROUNDS && left.length > 0; round += 1) {
      await markFaults(client, left);
      await refreshLocked(client, deps);
      left = await findRollupFaults(client);
    }
    return { mended: Math.max(0, first.length - left.length), left: left.length };
  });
  if (!repaired) throw new Error('The roll-ups are locked.');
  return repaired;
}
