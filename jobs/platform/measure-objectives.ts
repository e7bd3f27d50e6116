import type { Config } from '../../lib/config.ts';
import type { Logger } from '../../lib/log.ts';
import type { Pool } from '../../sql/database/db.ts';
import { measureHoldings, measureService, saveSettings } from '../../sql/objectives/objectives.ts';
import { type LegalTerm, noteTermAlert, termsToAlert } from '../../sql/privacy/privacy-requests.ts';

export type ObjectivesDeps = {
  pool: Pool;
  log: Logger;
  config: Pick<Config, 'STORAGE_USD_PER_GB_MONTH' | 'RAW_RETENTION_DAYS' | 'AGGREGATE_RETENTION_DAYS'>;
};

/**
 * Measures all objectives. Logs when an error budget begins or stops burning too fast, and legal deadlines once half of their time
 * has passed, with three days and one day left, and when they have passed, whether or not the requests can be served.
 */
export async function measureObjectives({ pool, log, config }: ObjectivesDeps): Promise<void> {
  const { STORAGE_USD_PER_GB_MONTH, RAW_RETENTION_DAYS, AGGREGATE_RETENTION_DAYS } = config;
  await saveSettings(pool, { STORAGE_USD_PER_GB_MONTH, RAW_RETENTION_DAYS, AGGREGATE_RETENTION_DAYS });
  await measureHoldings(pool);
  for (const { name, alert, burn_1h, burn_6h } of await measureService(pool)) {
    const line = { objective: name, alert, burn_rates: { '1h': burn_1h, '6h': burn_6h } };
    if (alert) log.error(line, 'the error budget of an objective burns too fast');
    else log.info(line, 'the error budget of an objective no longer burns too fast');
  }
  for (const term of await termsToAlert(pool)) {
    const { tenant_id: tenant, id, kind, due_at, attempts, level } = term;
    const line = { ...(tenant !== null && { tenant }), request: id, kind, due_at, attempts };
    if (level === 1) log.warn(line, LEFT[level]);
    else log.error(line, LEFT[level]);
    await noteTermAlert(pool, term);
  }
}

const LEFT: Record<LegalTerm['level'], string> = {
  1: 'half of the time of a legal deadline has passed',
  2: 'a legal deadline is less than three days away',
  3: 'a legal deadline is less than one day away',
  4: 'a legal deadline has passed',
};
