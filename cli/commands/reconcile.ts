import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { reconcile, sentenceOf } from '../../jobs/metrics/reconcile.ts';
import { repairRollups } from '../../jobs/metrics/repair-rollups.ts';
import type { Config } from '../../lib/config.ts';
import { type Pool, withClient } from '../../sql/database/db.ts';
import { detectEngine } from '../../sql/storage/engine.ts';
import type { DatabaseConfig } from './database.ts';
import { asOwner } from './owner.ts';

const clock = () => new Date();

/** The command `reconcile`. Returns a sentence with what was compared; throws with the first difference. */
export async function reconcileNow(
  args: string[],
  config: DatabaseConfig & Pick<Config, 'AGGREGATE_RETENTION_DAYS'>,
): Promise<string> {
  const { values } = parseArgs({ args, options: { repair: { type: 'boolean' } } });
  // One for the lock, one for the refresh.
  return asOwner(config, 'reconcile', (pool) => proofOf(pool, config, values.repair ?? false), 2);
}

async function proofOf(pool: Pool, config: Pick<Config, 'AGGREGATE_RETENTION_DAYS'>, repairs: boolean): Promise<string> {
  const repaired = repairs ? await repair(pool) : '';
  const found = await reconcile({ pool, config, clock });
  const compared = `Tenants: ${found.tenants}. Hours: ${found.hours}. Events: ${found.receipts}. Quarantined: ${found.quarantined}.`;
  if (found.first) throw new Error(`${repaired}${sentenceOf(found.first)} Differences: ${found.differences}. ${compared}`);
  return `${repaired}Receipts, raw events, quarantine and roll-ups agree. ${compared}`;
}

async function repair(pool: Pool): Promise<string> {
  const engine = await withClient(pool, detectEngine);
  const { mended, left } = await repairRollups({ pool, engine, log: pino({ level: 'silent' }), clock });
  if (left > 0) throw new Error(`${left} hours and days of roll-ups still differ from the raw events; ${mended} were rebuilt.`);
  return `Hours and days of roll-ups that were wrong and were rebuilt: ${mended}. `;
}
