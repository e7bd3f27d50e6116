import { reconcile, sentenceOf } from '../jobs/reconcile.ts';
import type { Config } from '../lib/config.ts';
import type { DatabaseConfig } from './database.ts';
import { asOwner } from './owner.ts';
import { UsageError } from './usage.ts';

/** The command `reconcile`: gives a sentence with what was compared, or throws with the first difference. */
export async function reconcileNow(
  args: string[],
  config: DatabaseConfig & Pick<Config, 'AGGREGATE_RETENTION_DAYS'>,
): Promise<string> {
  if (args.length > 0) throw new UsageError(`Too many words: ${args.join(' ')}`);
  const found = await asOwner(config, 'reconcile', (pool) => reconcile({ pool, config, clock: () => new Date() }));
  const compared = `Tenants: ${found.tenants}. Hours: ${found.hours}. Events: ${found.receipts}. Refused: ${found.quarantined}.`;
  if (found.first) throw new Error(`${sentenceOf(found.first)} Differences in all: ${found.differences}. ${compared}`);
  return `Receipts, raw events, refused input and roll-ups agree. ${compared}`;
}
