import type { Config } from '../../lib/config.ts';
import type { Logger } from '../../lib/log.ts';
import { convertAllDue } from '../../sql/archive/columnstore.ts';
import { makePartitions, summariseTimes } from '../../sql/archive/retention.ts';
import { auditHead } from '../../sql/audit/audit-log.ts';
import { withBriefLocks } from '../../sql/database/brief-locks.ts';
import type { Pool } from '../../sql/database/db.ts';
import { type Engine, hasColumnstore } from '../../sql/storage/engine.ts';

/**
 * Creates partitions for the whole raw retention and five weeks ahead, locks new ones, and maintains their indexes over time. If
 * the columnstore is on, converts chunks that are old enough. Logs the head of the audit log, so that a reader of the logs can
 * tell if it is ever truncated.
 */
export async function runMakePartitions(deps: {
  pool: Pool;
  engine: Engine;
  log: Logger;
  config: Pick<Config, 'RAW_RETENTION_DAYS'>;
}): Promise<void> {
  const days = deps.config.RAW_RETENTION_DAYS + 1;
  const made = await withBriefLocks(deps.pool, (client) => makePartitions(client, days));
  if (made > 0) deps.log.info({ made }, 'partitions created or locked');
  await summariseTimes(deps.pool);
  deps.log.info({ audit_head: await auditHead(deps.pool) }, 'head of the audit log');
  if (!hasColumnstore(deps.engine)) return;
  const converted = await convertAllDue(deps.pool);
  if (converted > 0) deps.log.info({ converted }, 'chunks converted to columnstore');
}
