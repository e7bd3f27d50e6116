import type { Logger } from '../lib/log.ts';
import type { Pool } from '../sql/db.ts';
import { runCheck } from '../sql/queries/data-quality.ts';
import { CHECKS } from '../sql/queries/quality-checks.ts';

const DAY_MS = 86_400_000;

/** Looks at the data of today and, because late events still change it, of yesterday. */
export async function checkDataQuality(deps: { pool: Pool; log: Logger; clock: () => Date }): Promise<void> {
  const now = deps.clock();
  const today = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
  let failed = 0;
  for (const day of [today - DAY_MS, today]) {
    for (const check of CHECKS.filter(({ live }) => !live || day === today)) {
      failed += await runCheck(deps.pool, check, new Date(day), now);
    }
  }
  deps.log.info({ failed }, 'data quality checked');
}
