import type { Client } from '../database/db.ts';
import type { CalendarPeriod } from './periods.ts';

/** Whose figures: a service of the transaction's tenant or, for jobs, of the tenant that is named. */
export type ServiceOf = { service: string; tenantId?: string };

/** How often each rating was given: n1 (very dissatisfied) to n5 (very satisfied). */
export type RatingCounts = { n1: number; n2: number; n3: number; n4: number; n5: number };

/**
 * Journeys of a period. `starts`: first started in it. `completions`: first completed in it, whenever they started.
 * `cohort_completed`: of `starts`, those completed within the draft limit; `cohort_late`: after it; `cohort_open`: those that can
 * still be completed in time.
 */
export type JourneyCounts = {
  starts: number;
  completions: number;
  cohort_completed: number;
  cohort_late: number;
  cohort_open: number;
};

/** A ratio of a period. `value` is a percentage, null where the denominator is 0. `flags`: `over-100-percent`. */
export type Rate = { value: number | null; numerator: number; denominator: number; provisional: boolean; flags: string[] };

/** Both completion rates of a period, with the counts behind them. */
export type CompletionRates = { period: Rate; cohort: Rate; counts: JourneyCounts };

// Consecutive periods share an edge.
const edgesOf = (periods: Pick<CalendarPeriod, 'from' | 'to'>[]) =>
  periods.length === 0 ? [] : [...periods.map(({ from }) => from), (periods.at(-1) as CalendarPeriod).to];

/** Counts of ratings in each of these consecutive periods, in their order. */
export async function countRatings(
  client: Client,
  { service, tenantId }: ServiceOf,
  periods: Pick<CalendarPeriod, 'from' | 'to'>[],
): Promise<RatingCounts[]> {
  const columns = 'n1, n2, n3, n4, n5';
  const { rows } = tenantId
    ? await client.query<RatingCounts>(`select ${columns} from private.satisfaction($1, $2, $3) order by period`, [
        tenantId,
        service,
        edgesOf(periods),
      ])
    : await client.query<RatingCounts>(`select ${columns} from door.satisfaction($1, $2) order by period`, [
        service,
        edgesOf(periods),
      ]);
  return rows;
}

/** Counts of journeys in each of these consecutive periods, in their order, as they are known at the moment `at`. */
export async function countJourneys(
  client: Client,
  { service, tenantId }: ServiceOf,
  periods: Pick<CalendarPeriod, 'from' | 'to'>[],
  at: Date,
): Promise<JourneyCounts[]> {
  const columns = 'starts, completions, cohort_completed, cohort_late, cohort_open';
  const { rows } = tenantId
    ? await client.query<JourneyCounts>(`select ${columns} from private.completion($1, $2, $3, $4) order by period`, [
        tenantId,
        service,
        edgesOf(periods),
        at,
      ])
    : await client.query<JourneyCounts>(`select ${columns} from door.completion($1, $2, $3) order by period`, [
        service,
        edgesOf(periods),
        at,
      ]);
  return rows;
}

/** Up to when the journeys of a service are complete. Null: they are being collected for the first time, or there is no such service. */
export async function journeysWatermark(client: Client, { service, tenantId }: ServiceOf): Promise<Date | null> {
  const { rows } = tenantId
    ? await client.query<{ at: Date | null }>('select private.journeys_watermark($1, $2) as at', [tenantId, service])
    : await client.query<{ at: Date | null }>('select door.journeys_watermark($1) as at', [service]);
  return rows[0]?.at ?? null;
}

/** Adds up counts of several periods. */
export function sumCounts<T extends RatingCounts | JourneyCounts>(counts: T[], none: T): T {
  const names = Object.keys(none) as (keyof T)[];
  return counts.reduce(
    (sum, next) => {
      for (const name of names) sum[name] = ((sum[name] as number) + (next[name] as number)) as T[keyof T];
      return sum;
    },
    { ...none },
  );
}

/** User satisfaction as a percentage: 0 (all very dissatisfied) to 100. Null without ratings. */
export function satisfactionOf({ n1, n2, n3, n4, n5 }: RatingCounts): number | null {
  const ratings = n1 + n2 + n3 + n4 + n5;
  return ratings === 0 ? null : ((n1 + 2 * n2 + 3 * n3 + 4 * n4 + 5 * n5) / ratings - 1) * 25;
}

/**
 * Both completion rates of a period. `period` is provisional until the period has ended and its events are counted; `cohort` until,
 * besides, the last journey that started in it is completed or past the limit.
 */
export function completionOf(
  counts: JourneyCounts,
  { to }: Pick<CalendarPeriod, 'to'>,
  draftLimitDays: number,
  watermark: Date | null,
  at: Date,
): CompletionRates {
  const isCounted = (end: number) => end <= at.getTime() && watermark !== null && end <= watermark.getTime();
  const period = rateOf(counts.completions, counts.starts, !isCounted(to.getTime()));
  const isClosed =
    isCounted(to.getTime() + draftLimitDays * 86_400_000) ||
    (isCounted(to.getTime()) && counts.cohort_completed + counts.cohort_late === counts.starts);
  const cohort = rateOf(counts.cohort_completed, counts.starts, !isClosed);
  return { period, cohort, counts };
}

function rateOf(numerator: number, denominator: number, provisional: boolean): Rate {
  const flags = numerator > denominator ? ['over-100-percent'] : [];
  return { value: denominator === 0 ? null : (100 * numerator) / denominator, numerator, denominator, provisional, flags };
}
