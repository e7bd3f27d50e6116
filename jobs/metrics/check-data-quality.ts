import type { Logger } from '../../lib/log.ts';
import { runCheck } from '../../sql/data-quality/data-quality.ts';
import { CHECKS } from '../../sql/data-quality/quality-checks.ts';
import type { Pool } from '../../sql/database/db.ts';
import { eachItem } from '../queue/each.ts';

const DAY_MS = 86_400_000;

/** Checks the data of today and, because late events still change it, of yesterday. */
export async function checkDataQuality(deps: { pool: Pool; log: Logger; clock: () => Date }): Promise<void> {
  const now = deps.clock();
  const today = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
  let failed = 0;
  const due = [today - DAY_MS, today].flatMap((day) =>
    CHECKS.filter(({ live }) => !live || day === today).map((check) => ({ check, day: new Date(day) })),
  );
  const telling = {
    log: deps.log,
    message: 'data quality not checked',
    about: ({ check, day }: (typeof due)[number]) => ({ check: check.name, day }),
  };
  await eachItem(due, telling, async ({ check, day }) => {
    failed += await runCheck(deps.pool, check, day, now);
  });
  deps.log.debug({ failed }, 'data quality checked');
}
