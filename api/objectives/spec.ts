import type { Described } from '../http/operation.ts';

export const objectiveSpecs = {
  list: {
    operationId: 'listObjectives',
    tag: 'Objectives',
    summary: 'List objectives',
    description:
      'Returns each number that the platform promises, with its target, measured value, window and error budget. It needs a key with the scope read or admin. The platform measures itself all the time; a key with the scope admin also sees objectives that are internal.',
    example: {
      answer: {
        data: [
          {
            name: 'availability',
            description: 'The API answers.',
            indicator:
              'Share of probing requests through the public API that were answered as they should be, within 10 seconds: three a minute, for readiness, an event and a metric.',
            unit: 'share',
            target: 0.999,
            comparison: 'at least',
            measured: 0.9998,
            measured_at: '2026-11-29T20:15:00.214Z',
            status: 'met',
            budget_left: 0.8,
            alert: null,
            alert_since: null,
            window: 'P30D',
            error_budget: { total: 0.001, spent: 0.0002, left: 0.0008 },
            burn_rates: { '1h': 0, '6h': 0.1, '3d': 0.2 },
          },
        ],
      },
    },
  },
} satisfies Record<string, Described>;
