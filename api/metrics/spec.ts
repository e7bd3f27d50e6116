import type { Described } from '../http/operation.ts';

const RESTATEMENT = {
  bucket: '2026-11-20T00:00:00.000Z',
  before: 1840,
  after: 1842,
  restated_at: '2026-11-22T09:31:02.118Z',
};

const tag = 'Metrics';

export const metricSpecs = {
  list: {
    operationId: 'listMetrics',
    tag,
    summary: 'List metrics',
    description:
      'Returns the catalogue of metrics: what each counts, its unit, and the dimensions that it can be grouped and filtered by. It needs a key with the scope read. The catalogue is the same for every tenant.',
    example: {
      answer: {
        data: [
          {
            name: 'events.count',
            unit: 'events',
            description: 'Events accepted.',
            dimensions: ['type', 'outcome', 'route'],
            intervals: ['hour', 'day', 'week', 'month', 'total'],
          },
        ],
      },
    },
  },
  read: {
    operationId: 'readMetric',
    tag,
    summary: 'Read a metric over a window',
    description:
      'Returns one value for each bucket of the window, or for each bucket and group. It needs a key with the scope read. A bucket is named by its start in the tenant’s time zone; weeks begin on Monday. Without groups every bucket is there: counts are 0, and ratios and percentiles null, where nothing happened. With groups only those that occur are there. `Accept: text/csv` gives CSV.',
    problems: ['not-found'],
    example: {
      params: { name: 'validations.error_rate' },
      query: {
        from: '2026-11-27T03:00:00Z',
        to: '2026-11-29T03:00:00Z',
        interval: 'day',
        group_by: 'marketplace',
        'filter[marketplace]': 'shopee',
      },
      answer: {
        metric: 'validations.error_rate',
        unit: 'ratio',
        interval: 'day',
        timezone: 'America/Sao_Paulo',
        from: '2026-11-27T03:00:00.000Z',
        to: '2026-11-29T03:00:00.000Z',
        watermark: '2026-11-29T20:17:13.514Z',
        restated: { count: 1, latest: RESTATEMENT.restated_at },
        restatements: [RESTATEMENT],
        data: [
          { bucket: '2026-11-27T03:00:00.000Z', marketplace: 'shopee', value: 0.18783783783783783 },
          { bucket: '2026-11-28T03:00:00.000Z', marketplace: 'shopee', value: 0.13912009512485138 },
        ],
      },
      texts: {
        'text/csv':
          'bucket,marketplace,value\r\n2026-11-27T03:00:00.000Z,"shopee",0.18783783783783783\r\n2026-11-28T03:00:00.000Z,"shopee",0.13912009512485138\r\n',
      },
    },
  },
  restatements: {
    operationId: 'listRestatements',
    tag,
    summary: 'List restatements',
    description:
      'Returns the UTC days whose numbers changed after they had ended, through late events or erasures, latest change first. It needs a key with the scope read. Who keeps a copy of published numbers reads here what to correct.',
    example: {
      query: { figures: 'events', from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z' },
      answer: { data: [{ figures: 'events', service: null, ...RESTATEMENT }], next_cursor: null },
    },
  },
} satisfies Record<string, Described>;
