import type { Described } from '../http/operation.ts';

const FIGURES = {
  user_satisfaction: { value: 75, ratings: [1, 0, 1, 2, 4], denominator: 8, provisional: false },
  completion_rate_period: { value: 110, numerator: 11, denominator: 10, provisional: false, flags: ['over-100-percent'] },
  completion_rate_cohort: { value: 80, numerator: 8, denominator: 10, provisional: true, flags: [] },
  journeys: { starts: 10, completions: 11, cohort_completed: 8, cohort_late: 0, cohort_open: 2, cohort_failed: 0 },
};

/** Measures of a service. */
export const measuresSpec = {
  operationId: 'getServiceMeasures',
  tag: 'Performance',
  summary: 'Measures of a service by month',
  description:
    'Returns user satisfaction and both completion rates of a service of the key’s own tenant, for each month and for all of them together, with the counts behind them. It needs a key with the scope read or tenant-admin. A completion counts in the month in which it happened, so `completion_rate_period` may pass 100 % and is flagged then; `completion_rate_cohort` follows the journeys that started in the month and is provisional until the last of them is completed or past the limit.',
  problems: ['not-found'],
  example: {
    params: { slug: 'make-an-lpa' },
    query: { from: '2026-10', to: '2026-10' },
    answer: {
      service: 'make-an-lpa',
      revision: 1,
      timezone: 'Europe/London',
      draft_limit_days: 90,
      watermark: '2026-11-29T20:00:00.000Z',
      total: FIGURES,
      data: [{ period: '2026-10', ...FIGURES }],
    },
  },
} satisfies Described;
