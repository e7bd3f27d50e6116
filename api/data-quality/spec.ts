import type { Described } from '../http/operation.ts';

export const dataQualitySpecs = {
  get: {
    operationId: 'getDataQuality',
    tag: 'Data quality',
    summary: 'Get the data quality of each day',
    description:
      'Returns a score from 0 to 100 for each day in UTC, latest first, with the checks behind it. It needs a key with the scope read. `reconciliation` is the last nightly comparison of receipts, stored events and roll-ups; titles are in the language of the tenant.',
    example: {
      query: { from: '2026-11-28T00:00:00Z', to: '2026-11-29T00:00:00Z' },
      answer: {
        data: [
          {
            day: '2026-11-28',
            score: 75,
            checks: [
              { name: 'freshness', status: 'pass', value: 0.2, weight: 2, checked_at: '2026-11-29T00:05:00.120Z' },
              { name: 'schema', status: 'warn', value: 0.012, weight: 2, checked_at: '2026-11-29T00:05:00.120Z' },
            ],
          },
        ],
        checks: [
          {
            name: 'freshness',
            title: 'Freshness',
            description: 'Hours without an event, up to now or to the end of the day.',
            unit: 'hours',
            warn: 6,
            fail: 23,
            weight: 2,
          },
        ],
        reconciliation: {
          ran_at: '2026-11-29T03:10:00.000Z',
          hours: 168,
          receipts: 51234,
          raw: 51234,
          rolled_up: 51234,
          quarantined: 12,
          differences: 0,
          first_difference: null,
        },
      },
    },
  },
} satisfies Record<string, Described>;
