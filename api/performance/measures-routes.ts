import { z } from 'zod';
import { withTenant } from '../../sql/database/db.ts';
import {
  completionOf,
  countJourneys,
  countRatings,
  type JourneyCounts,
  journeysWatermark,
  type RatingCounts,
  satisfactionOf,
  sumCounts,
} from '../../sql/performance/measures.ts';
import { type CalendarPeriod, monthsOf, periodAt, periodNamed } from '../../sql/performance/periods.ts';
import { findService, type Service } from '../../sql/performance/services.ts';
import type { Deps } from '../http/deps.ts';
import { invalidRequest, notFound } from '../http/problems.ts';
import { route } from '../http/route.ts';
import type { Api } from '../http/types.ts';
import { measuresSpec } from './measures-spec.ts';
import { serviceSlug } from './services-routes.ts';

const MAX_MONTHS = 120;
const YEAR = 12;

const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'must be a month, e.g. 2026-10');
const count = z.number().int();
const provisional = z.boolean().meta({ description: 'Whether the figure may still change without a late event' });
const rate = z.object({
  value: z.number().nullable().meta({ description: 'Percentage; null where the denominator is 0' }),
  numerator: count.meta({ description: 'Completions' }),
  denominator: count.meta({ description: 'Starts' }),
  provisional,
  flags: z.array(z.enum(['over-100-percent'])).meta({ description: '`over-100-percent`: more completions than starts' }),
});
const figures = z.object({
  user_satisfaction: z
    .object({
      value: z.number().nullable().meta({
        description: 'Percentage: 0 if all are very dissatisfied, 100 if all are very satisfied; null without ratings',
      }),
      ratings: z.array(count).meta({ description: 'How often each rating was given, from 1 (very dissatisfied) to 5' }),
      denominator: count.meta({ description: 'Number of ratings' }),
      provisional,
    })
    .meta({ description: 'What users think of the service, and the ratings behind it' }),
  completion_rate_period: rate
    .nullable()
    .meta({ description: 'Journeys completed in the period, of those started in it; null if the service has no journeys' }),
  completion_rate_cohort: rate
    .nullable()
    .meta({ description: 'Of the journeys started in the period, those completed within the draft limit' }),
  journeys: z
    .object({
      starts: count.meta({ description: 'Journeys first started in the period' }),
      completions: count.meta({ description: 'Journeys first completed in the period, whenever they started' }),
      cohort_completed: count.meta({ description: 'Of those started, completed within the draft limit' }),
      cohort_late: count.meta({ description: 'Of those started, completed after the draft limit' }),
      cohort_open: count.meta({ description: 'Of those started, neither completed nor past the draft limit' }),
      cohort_failed: count.meta({ description: 'Of those started, past the draft limit without being completed' }),
    })
    .nullable()
    .meta({ description: 'The counts behind both completion rates; null if the service has no journeys' }),
});

const answer = z.object({
  service: serviceSlug,
  revision: count.meta({ description: 'Revision of the service whose parameters were used' }),
  timezone: z.string().meta({ description: 'Where the months begin' }),
  draft_limit_days: count.meta({ description: 'Days of 24 hours after which a journey that is not completed has failed' }),
  watermark: z.iso
    .datetime()
    .nullable()
    .meta({ description: 'Up to when journeys are complete; null: they are still being collected' }),
  total: figures.meta({ description: 'The same of all months together, from their counts' }),
  data: z.array(figures.extend({ period: month.meta({ description: 'The month' }) })),
});

const NO_RATINGS: RatingCounts = { n1: 0, n2: 0, n3: 0, n4: 0, n5: 0 };
const NO_JOURNEYS: JourneyCounts = { starts: 0, completions: 0, cohort_completed: 0, cohort_late: 0, cohort_open: 0 };

/** Measures of a service by month. */
export function mountMeasures(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...measuresSpec,
      method: 'get',
      path: '/v1/services/:slug/measures',
      scopes: ['read', 'tenant-admin'],
      params: z.object({ slug: serviceSlug }),
      query: z.strictObject({
        from: month.optional().meta({ description: 'First month; eleven months before `to` if absent' }),
        to: month.optional().meta({ description: 'Last month; the current one if absent' }),
      }),
      status: 200,
      answer,
    },
    async ({ identity, params: { slug }, query }) => {
      const at = new Date();
      const body = await withTenant(deps.pool, identity.tenantId, async (client) => {
        const service = await findService(client, slug);
        if (!service) throw notFound('service');
        const months = monthsAsked(query, service.timezone, at);
        const of = { service: slug };
        const ratings = await countRatings(client, of, months);
        const journeys = await countJourneys(client, of, months, at);
        const watermark = await journeysWatermark(client, of);
        const shown = (period: Pick<CalendarPeriod, 'to'>, ratings: RatingCounts, journeys: JourneyCounts) =>
          figuresOf(service, period, ratings, journeys, watermark, at);
        const last = months.at(-1) as CalendarPeriod;
        return {
          service: slug,
          revision: service.revision,
          timezone: service.timezone,
          draft_limit_days: service.draft_limit_days,
          watermark,
          total: shown(last, sumCounts(ratings, NO_RATINGS), sumCounts(journeys, NO_JOURNEYS)),
          data: months.map((one, n) => ({
            period: one.name,
            ...shown(one, ratings[n] ?? NO_RATINGS, journeys[n] ?? NO_JOURNEYS),
          })),
        };
      });
      return { body };
    },
  );
}

function monthsAsked(query: { from?: string | undefined; to?: string | undefined }, zone: string, at: Date): CalendarPeriod[] {
  const last = query.to ? (periodNamed(query.to, zone) as CalendarPeriod | undefined) : periodAt(at, zone);
  const first = query.from ? periodNamed(query.from, zone) : last && periodAt(last.from, zone, 1 - YEAR);
  if (!first || !last || first.from > last.from) {
    throw invalidRequest([
      { pointer: '/from', code: 'empty-window', detail: '`from` must not be after `to`, nor before 1970.' },
    ]);
  }
  const months = monthsOf({ from: first.from, to: last.to }, zone);
  if (months.length > MAX_MONTHS) {
    throw invalidRequest([
      { pointer: '/from', code: 'too-many-buckets', detail: `At most ${MAX_MONTHS} months can be asked for at once.` },
    ]);
  }
  return months;
}

function figuresOf(
  { journey, draft_limit_days }: Service,
  period: Pick<CalendarPeriod, 'to'>,
  ratings: RatingCounts,
  journeys: JourneyCounts,
  watermark: Date | null,
  at: Date,
) {
  const { n1, n2, n3, n4, n5 } = ratings;
  const rates = journey && completionOf(journeys, period, draft_limit_days, watermark, at);
  return {
    user_satisfaction: {
      value: satisfactionOf(ratings),
      ratings: [n1, n2, n3, n4, n5],
      denominator: n1 + n2 + n3 + n4 + n5,
      provisional: period.to > at,
    },
    completion_rate_period: rates?.period ?? null,
    completion_rate_cohort: rates?.cohort ?? null,
    journeys: rates && {
      ...rates.counts,
      cohort_failed: journeys.starts - journeys.cohort_completed - journeys.cohort_late - journeys.cohort_open,
    },
  };
}
