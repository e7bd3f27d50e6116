import type { Described } from '../http/operation.ts';

const tag = 'Performance';
const ID = '01a228f4-559b-72a3-9c02-e194b6f37879';
const params = { id: ID };

const percent = (numerator: number, denominator: number, parameters: object = {}) => ({
  value: (100 * numerator) / denominator,
  numerator,
  denominator,
  provisional: false,
  flags: [],
  parameters: { unit: 'percent', ...parameters },
});

/** A report as answers show it. */
export const MEASURES_EXAMPLE = {
  user_satisfaction: percent(71.25, 90, { ratings: { 1: 5, 2: 5, 3: 10, 4: 20, 5: 50 } }),
  completion_rate_period: percent(820, 1000, { service_revision: 1, draft_limit_days: 30 }),
  completion_rate_cohort: percent(790, 1000, { service_revision: 1, draft_limit_days: 30, open: 0, late: 12 }),
  digital_take_up: percent(820, 5250, {
    assisted_digital: 'included',
    channels: { online: 820, paper: 4120, phone: 310, other: 0 },
  }),
  cost_per_transaction: {
    value: null,
    numerator: null,
    denominator: null,
    provisional: false,
    flags: ['missing-months'],
    parameters: { unit: 'currency', currency: 'GBP', from: '2025-11', to: '2026-10', costs: null },
  },
};

export const METHOD_EXAMPLE = {
  version: '1',
  measures: {
    user_satisfaction: 'The score is (mean rating − 1) / 4, in percent.',
    completion_rate_period: 'Journeys completed in the period, divided by journeys started in it.',
    completion_rate_cohort: 'Of the journeys that started in the period, the share completed within the draft limit.',
    digital_take_up: 'Transactions completed online, divided by those of all channels.',
    cost_per_transaction: 'The cost of all channels, divided by the transactions of all channels, over twelve months.',
  },
  assumptions: ['Months are calendar months in the time zone of the service.'],
};

export const MISSING_EXAMPLE = [{ input: 'channel_counts', period: '2025-11', reason: 'not-recorded' }];

const QUEUED = {
  id: ID,
  service: 'make-an-lpa',
  period: '2026-10',
  cause: 'request',
  publish: false,
  status: 'queued',
  error: null,
  requested_at: '2026-11-29T20:17:13.031Z',
  completed_at: null,
  measures: null,
  method: null,
  missing: null,
  revision: null,
  published_at: null,
  withdrawn_at: null,
  changes: null,
} as const;
const COMPLETED = {
  ...QUEUED,
  status: 'completed',
  completed_at: '2026-11-29T20:17:14.002Z',
  measures: MEASURES_EXAMPLE,
  method: METHOD_EXAMPLE,
  missing: MISSING_EXAMPLE,
} as const;
const PUBLISHED = { ...COMPLETED, revision: 1, published_at: '2026-11-29T20:18:00.000Z', changes: [] } as const;

/** Performance reports. */
export const reportSpecs = {
  create: {
    operationId: 'requestPerformanceReport',
    tag,
    summary: 'Request a performance report',
    description:
      'Starts a job that computes the five measures of a service for a month, a quarter or a year. It needs a key with the scope tenant-admin. `Location` has the address of the report. When it is ready, the endpoints for alerts are told by a signed webhook or an e-mail. With `publish` it is published at once. A period that has not begun is refused with `future-period`.',
    problems: ['not-found', 'report-limit'],
    example: { body: { service: 'make-an-lpa', period: '2026-10' }, answer: QUEUED },
  },
  list: {
    operationId: 'listPerformanceReports',
    tag,
    summary: 'List performance reports',
    description:
      'Returns the performance reports of the key’s own tenant, newest first. It needs a key with the scope read or tenant-admin. Reports of closed months and quarters are made by themselves.',
    problems: [],
    example: { query: { 'filter[service]': 'make-an-lpa' }, answer: { data: [COMPLETED], next_cursor: null } },
  },
  get: {
    operationId: 'getPerformanceReport',
    tag,
    summary: 'Show a performance report',
    description:
      'Returns a performance report: each measure with its numerator, denominator, parameters and flags, what was missing, and the method in words. It needs a key with the scope read or tenant-admin. A figure that lacks something is null, never an estimate.',
    problems: ['not-found'],
    example: { params, answer: COMPLETED },
  },
  publish: {
    operationId: 'publishPerformanceReport',
    tag,
    summary: 'Publish a performance report',
    description:
      'Publishes a completed report as the next revision of its period, with what changed since the revision before. It needs a key with the scope tenant-admin. Everybody can then read it at `/public/performance/{tenant}/{service}`. The address of a revision never changes.',
    problems: ['not-found', 'report-not-completed'],
    example: { params, answer: PUBLISHED },
  },
  withdraw: {
    operationId: 'withdrawPerformanceReport',
    tag,
    summary: 'Withdraw a performance report',
    description:
      'Takes a published report off its address, within ten seconds in every process. It needs a key with the scope tenant-admin. Caches on the way may keep it for a minute. Published again, it becomes a new revision.',
    problems: ['not-found', 'report-not-published'],
    example: { params, answer: { ...PUBLISHED, withdrawn_at: '2026-11-29T20:20:00.000Z' } },
  },
} satisfies Record<string, Described>;
