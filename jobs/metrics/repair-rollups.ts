import { findRollupFaults, markFaults } from '../../sql/metrics/rollup-faults.ts';
import { withRefreshLock } from '../../sql/metrics/rollups.ts';
import { type RefreshDeps, refreshLocked } from './refresh-rollups.ts';

/** How often what is wrong is made again: the first time mends hours, and days that were made from them. */
const ROUNDS = 3;

export type Repaired = {
  /** Buckets of roll-ups that were made again, and are right now. */
  mended: number;
  /** Those that are wrong still. */
  left: number;
};

/** Makes every hour and day of the roll-ups again that is not what raw events say. Waits for a refresh that runs. */
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
