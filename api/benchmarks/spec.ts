import type { Described } from '../http/operation.ts';

const tag = 'Benchmarks';
const DECISION = { accepted: true, text_version: '2026-01', at: '2026-11-29T20:17:13.717Z' };
const CONSENT = { ...DECISION, history: [DECISION] };

const QUEUED = {
  id: '01a228f4-5aae-75c8-a78e-f88efb85aed8',
  metric: 'validations.error_rate',
  period: '2026-W01',
  status: 'queued',
  requested_at: '2026-11-29T20:17:12.367Z',
  completed_at: null,
};
const COMPLETED = {
  ...QUEUED,
  status: 'completed',
  completed_at: '2026-11-29T20:17:15.020Z',
  outcomes: [
    {
      dimension: 'all',
      cohort: 'all',
      outcome: 'released',
      size_band: '10–19',
      rules: '1',
      minimum: 10,
      built_at: '2026-11-29T20:17:14.901Z',
      input_changed: null,
    },
  ],
};

export const benchmarkSpecs = {
  setConsent: {
    operationId: 'setBenchmarkConsent',
    tag,
    summary: 'Give or revoke consent to benchmarks',
    description:
      'Records that the key’s own tenant agrees to be counted in benchmarks, or no longer does. It needs a key with the scope tenant-admin. The decision applies to snapshots that are built from then on; published snapshots stay as they are.',
    problems: ['feature-disabled'],
    example: { body: { accepted: true, text_version: '2026-01' }, answer: CONSENT },
  },
  getConsent: {
    operationId: 'getBenchmarkConsent',
    tag,
    summary: 'Get the consent to benchmarks',
    description:
      'Returns whether the key’s own tenant takes part in benchmarks, and every decision so far. It needs a key with the scope read or tenant-admin. A tenant that never decided does not take part.',
    problems: ['feature-disabled'],
    example: { answer: CONSENT },
  },
  list: {
    operationId: 'listBenchmarks',
    tag,
    summary: 'List benchmarks',
    description:
      'Returns the metrics that are benchmarked, with the limits that protect those who take part. It needs a key with the scope read. The method is in docs/benchmarks.md.',
    problems: ['feature-disabled'],
    example: {
      answer: {
        data: [
          {
            name: 'corrections.per_thousand_rows',
            unit: 'corrections',
            description: 'Corrections applied per thousand rows validated.',
            class: 'operational',
            least_volume: 10,
            rest_months: 0,
            largest_share: 0.5,
            two_largest_share: 0.67,
          },
        ],
      },
    },
  },
  get: {
    operationId: 'getBenchmark',
    tag,
    summary: 'Compare the own metric with a cohort',
    description:
      'Returns the tenant’s own value beside rounded quartiles of its cohort for one closed period. It needs a key with the scope read. Where publishing could reveal somebody, the answer has `suppressed` with a code and no numbers of the cohort.',
    problems: ['not-found', 'feature-disabled'],
    example: {
      params: { metric: 'validations.error_rate' },
      query: { period: '2026-W01' },
      answer: {
        metric: 'validations.error_rate',
        unit: 'ratio',
        period: '2026-W01',
        yours: 0.08,
        cohort: { label: 'all', size_band: '10–19', p25: 0.06, p50: 0.11, p75: 0.17 },
        position: 'second quarter',
        method: {
          statistic:
            'Quartiles over organisations that take part, each counted once; figures beyond percentiles 5 and 95 are drawn in.',
          rounding: 'one percentage point',
          minimum_contributors: 10,
          rules: '1',
        },
      },
    },
  },
  build: {
    operationId: 'buildBenchmarkSnapshots',
    tag,
    summary: 'Build the snapshots of a period',
    description:
      'Starts a job that builds the snapshots of one metric and closed period, or refuses them with codes. It needs a key of the operator with the scope admin. Each closed period is also built without being asked for; what has been released is never rebuilt. `Location` has the address of the build.',
    problems: ['feature-disabled'],
    example: { body: { metric: 'validations.error_rate', period: '2026-W01' }, answer: QUEUED },
  },
  listBuilds: {
    operationId: 'listBenchmarkSnapshots',
    tag,
    summary: 'List builds of snapshots',
    description:
      'Returns the builds that were asked for, newest first, with the outcome for each cohort. It needs a key of the operator with the scope admin. Outcomes are codes; no build shows a value.',
    problems: ['feature-disabled'],
    example: { query: { limit: '20' }, answer: { data: [COMPLETED], next_cursor: null } },
  },
  getBuild: {
    operationId: 'getBenchmarkSnapshot',
    tag,
    summary: 'Get one build of snapshots',
    description:
      'Returns whether the build is completed, and its outcome for each cohort. It needs a key of the operator with the scope admin. A refusal is an outcome, not an error: its code says which rule refused.',
    problems: ['not-found', 'feature-disabled'],
    example: { params: { id: COMPLETED.id }, answer: COMPLETED },
  },
} satisfies Record<string, Described>;
