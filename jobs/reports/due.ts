import { monthsBetween, monthsUpTo, quarterOf, shiftMonth } from '../../lib/months.ts';
import { periodAt } from '../../sql/performance/periods.ts';
import { askForDue, listScheduled, type ScheduledService } from '../../sql/reports/due.ts';
import { eachItem } from '../queue/each.ts';
import { makeReports, type ReportDeps } from './make.ts';

/** Closed months, and the quarters that they complete, that are looked at again: late numbers restate them. */
const MAX_MONTHS_BACK = 13;

/**
 * Requests the report of each closed month and quarter of every service, and again where the last one lacks something, is not
 * final, or has been overtaken by newer counts. Then makes them.
 */
export async function makeDueReports(deps: ReportDeps): Promise<number> {
  const telling = {
    log: deps.log,
    message: 'cannot request scheduled performance reports',
    about: ({ tenant_id, slug }: ScheduledService) => ({ tenant: tenant_id, service: slug }),
  };
  const now = deps.clock();
  await eachItem(await listScheduled(deps.pool), telling, (service) =>
    askForDue(deps.pool, service, duePeriods(service, now), now),
  );
  return makeReports(deps);
}

/** The closed months and quarters of a service since the month in which it was created, at most thirteen months back. */
export function duePeriods(
  { created_at, timezone }: Pick<ScheduledService, 'created_at' | 'timezone'>,
  now: Date,
): { period: string; months: string[] }[] {
  const last = shiftMonth(periodAt(now, timezone).name, -1);
  const created = periodAt(created_at, timezone).name;
  const earliest = shiftMonth(last, 1 - MAX_MONTHS_BACK);
  const months = monthsBetween([created, earliest].sort().at(-1) as string, last);
  const quarters = months.filter((month) => Number(month.slice(5)) % 3 === 0);
  return [
    ...months.map((month) => ({ period: month, months: monthsUpTo(month, 12) })),
    ...quarters.map((month) => ({ period: quarterOf(month), months: monthsUpTo(month, 12) })),
  ];
}
