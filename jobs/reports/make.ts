import { monthsUpTo } from '../../lib/months.ts';
import type { ServiceMessage } from '../../sql/alerts/service-messages.ts';
import { type Client, withTransaction } from '../../sql/database/db.ts';
import { withRefreshLock } from '../../sql/metrics/rollups.ts';
import {
  completionOf,
  countJourneys,
  countRatings,
  type JourneyCounts,
  journeysWatermark,
  sumCounts,
} from '../../sql/performance/measures.ts';
import { monthsOf, periodNamed } from '../../sql/performance/periods.ts';
import { firstJourney, newestCounts, serviceForReport } from '../../sql/reports/inputs.ts';
import {
  claimReport,
  completeReport,
  type DueReport,
  dropUnchanged,
  failReport,
  lastReport,
  type Measures,
  type MissingInput,
  type Report,
} from '../../sql/reports/reports.ts';
import { type RefreshDeps, refreshLocked } from '../metrics/refresh-rollups.ts';
import { collectAllJourneys } from '../performance/collect-journeys.ts';
import { type MonthInput, measuresOf } from './measures.ts';
import { METHOD } from './method.ts';
import { tellTenant } from './notify.ts';

export type ReportDeps = RefreshDeps & { signal?: AbortSignal | undefined };

const MAX_ATTEMPTS = 5;
const NONE: JourneyCounts = { starts: 0, completions: 0, cohort_completed: 0, cohort_late: 0, cohort_open: 0 };

/**
 * Makes every report that is due, publishes those for which that was asked, and tells the tenant. Returns the number of reports
 * that ended.
 */
export async function makeReports(deps: ReportDeps): Promise<number> {
  let made = 0;
  for (let due = await claimReport(deps.pool, deps.clock()); due; due = await claimReport(deps.pool, deps.clock())) {
    if (made === 0) await countPending(deps);
    await makeReport(deps, due);
    made++;
    if (deps.signal?.aborted) break;
  }
  return made;
}

// Events that were stored before the report was requested are in its figures.
async function countPending(deps: ReportDeps): Promise<void> {
  await withRefreshLock(deps.pool, true, (client) => refreshLocked(client, deps));
  await collectAllJourneys(deps);
}

async function makeReport(deps: ReportDeps, due: DueReport): Promise<void> {
  const about = { tenant: due.tenant_id, service: due.service, period: due.period, report: due.id };
  try {
    // One snapshot, so that all figures are of the same moment.
    const result = await withTransaction(deps.pool, 'begin isolation level repeatable read read only', (client) =>
      computeReport(client, due, deps.clock()),
    );
    await withTransaction(deps.pool, 'begin', (client) => keep(client, due, result, deps.clock()));
    deps.log.info({ ...about, missing: result.missing.length }, 'performance report made');
  } catch (error) {
    const isFinal = due.attempts >= MAX_ATTEMPTS;
    deps.log.error({ ...about, err: error, attempts: due.attempts }, 'cannot make a performance report');
    await withTransaction(deps.pool, 'begin', async (client) => {
      await failReport(client, due, 'internal', isFinal, deps.clock());
      if (isFinal) await tell(client, due, { status: 'failed', missing: [], revision: null }, deps.clock());
    });
  }
}

type Result = { measures: Measures; missing: MissingInput[] };

// A scheduled report with the figures of the one before is dropped. One that restates a published period is published too.
async function keep(client: Client, due: DueReport, result: Result, now: Date): Promise<void> {
  const last = due.cause === 'schedule' ? await lastReport(client, due) : undefined;
  if (last?.measures && sameFigures(last as Result, result)) return dropUnchanged(client, due);
  const publish = due.publish || (last?.is_published ?? false);
  const report = await completeReport(client, due, { ...result, method: METHOD, publish }, now);
  if (!report) return;
  await tell(client, due, { status: 'completed', missing: result.missing, revision: report.revision }, now);
}

// Keys of jsonb come back in another order.
const sameFigures = (a: Result, b: Result) => sorted([a.measures, a.missing]) === sorted([b.measures, b.missing]);
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

/** The figures of a report as they are known now. The connection acts as the owner of all tables. */
export async function computeReport(
  client: Client,
  { tenant_id: tenantId, service: slug, period: name, assisted_digital }: DueReport,
  now: Date,
): Promise<Result> {
  const { service, connectorFails } = await serviceForReport(client, tenantId, slug);
  const zone = service.timezone;
  const period = periodNamed(name, zone);
  if (!period) throw new Error('The period of a report is not valid.');
  const own = monthsOf(period, zone);
  const names = monthsUpTo(own.at(-1)?.name ?? name, 12);
  const year = names.map((month) => periodNamed(month, zone) as NonNullable<typeof period>);
  const of = { service: slug, tenantId };
  const [ratings] = await countRatings(client, of, [period]);
  const watermark = service.journey ? await journeysWatermark(client, of) : null;
  const journeys = watermark ? await countJourneys(client, of, year, now) : null;
  // Events of the months before the first journey were not sent here: nobody knows that there were none.
  const first = journeys && (await firstJourney(client, tenantId, slug));
  const counts = await newestCounts(client, tenantId, slug, names);
  const inputs = year.map(({ name: month, to }, n): MonthInput => {
    const isClosed = to <= now && (!service.journey || (watermark !== null && to <= watermark));
    const isKnown = first !== null && first < to;
    return { month, isClosed, journeys: (isKnown && journeys?.[n]) || null, counts: counts.get(month) };
  });
  const months = inputs.slice(-own.length);
  const total = journeys ? sumCounts(journeys.slice(-own.length), NONE) : null;
  return measuresOf({
    service,
    assistedDigital: assisted_digital ?? service.assisted_digital,
    isClosed: period.to <= now,
    ratings: ratings as NonNullable<typeof ratings>,
    completion: total && completionOf(total, period, service.draft_limit_days, watermark, now),
    months,
    year: inputs,
    silence: connectorFails ? 'connector-failing' : 'not-recorded',
  });
}

async function tell(
  client: Client,
  { id, tenant_id, service, period, notify }: DueReport,
  { status, missing, revision }: Pick<Report, 'revision'> & { status: 'completed' | 'failed'; missing: MissingInput[] },
  now: Date,
): Promise<void> {
  const message: ServiceMessage = {
    type: `performance_report.${status}`,
    timestamp: now.toISOString(),
    data: { report: { id, service, period, status, missing, revision, url: `/v1/performance-reports/${id}` } },
  };
  await tellTenant(client, tenant_id, notify, message);
}
