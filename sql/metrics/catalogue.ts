import type { SOURCES } from './sources.ts';

/** A named number over a pair of roll-ups. values.ts has the SQL that computes it. */
export type Metric = {
  name: string;
  unit: 'events' | 'validations' | 'corrections' | 'rows' | 'hits' | 'bytes' | 'ratio' | 'ms';
  description: string;
  source: keyof typeof SOURCES;
  /** What the metric can be grouped and filtered by. */
  dims: readonly string[];
  /** Columns of the source that are summed. */
  sums: readonly string[];
  /** Other columns that the value needs. */
  also?: readonly string[];
  /** A sum; the share of failures in a sum by outcome; a sum divided by another; or a percentile of latency. */
  value: { total: string } | { failures: string } | { quotient: readonly [string, string] } | { percentile: number };
  /** Value of an empty bucket: 0 for counts; null, unknown, for ratios and percentiles. */
  empty: 0 | null;
  groupBy?: readonly string[];
  /** Greatest values first, within each bucket. */
  greatestFirst?: boolean;
};

const EVENT_DIMS = ['type', 'outcome', 'route'];
const REQUEST_DIMS = ['type', 'route'];

const latency = (percentile: number): Metric => ({
  name: `latency.p${percentile}`,
  unit: 'ms',
  description: `Percentile ${percentile} (nearest rank) of data.duration_ms, within 2 %.`,
  source: 'latency',
  dims: REQUEST_DIMS,
  sums: ['events'],
  also: ['bin'],
  value: { percentile },
  empty: null,
});

/** The catalogue: every metric that GET /v1/metrics/{name} answers. */
export const METRICS: readonly Metric[] = [
  {
    name: 'events.count',
    unit: 'events',
    description: 'Events accepted.',
    source: 'events',
    dims: EVENT_DIMS,
    sums: ['events'],
    value: { total: 'events' },
    empty: 0,
  },
  {
    name: 'events.error_rate',
    unit: 'ratio',
    description: 'Share of failures (0 to 1) among events with an outcome.',
    source: 'events',
    dims: REQUEST_DIMS,
    sums: ['events'],
    also: ['outcome'],
    value: { failures: 'events' },
    empty: null,
  },
  {
    name: 'data.volume',
    unit: 'bytes',
    description: 'Size of the accepted events as sent.',
    source: 'events',
    dims: EVENT_DIMS,
    sums: ['bytes'],
    value: { total: 'bytes' },
    empty: 0,
  },
  {
    name: 'latency.count',
    unit: 'events',
    description: 'Events with a data.duration_ms. The latency percentiles are computed from them.',
    source: 'latency',
    dims: REQUEST_DIMS,
    sums: ['events'],
    value: { total: 'events' },
    empty: 0,
  },
  latency(50),
  latency(95),
  latency(99),
  {
    name: 'validations.count',
    unit: 'validations',
    description: 'Validations completed.',
    source: 'validations',
    dims: ['marketplace', 'outcome'],
    sums: ['validations'],
    value: { total: 'validations' },
    empty: 0,
  },
  {
    name: 'validations.error_rate',
    unit: 'ratio',
    description: 'Share of failed validations (0 to 1) among those with an outcome.',
    source: 'validations',
    dims: ['marketplace'],
    sums: ['validations'],
    also: ['outcome'],
    value: { failures: 'validations' },
    empty: null,
  },
  {
    name: 'validations.rows',
    unit: 'rows',
    description: 'Rows that validations checked.',
    source: 'validations',
    dims: ['marketplace', 'outcome'],
    sums: ['rows'],
    value: { total: 'rows' },
    empty: 0,
  },
  {
    name: 'validations.row_error_rate',
    unit: 'ratio',
    description: 'Errors found per validated row; more than 1 if rows have several errors.',
    source: 'validations',
    dims: ['marketplace'],
    sums: ['rows', 'errors'],
    value: { quotient: ['errors', 'rows'] },
    empty: null,
  },
  {
    name: 'validations.by_rule',
    unit: 'hits',
    description: 'Number of hits of each rule, the most frequent first.',
    source: 'rules',
    dims: ['rule', 'marketplace'],
    sums: ['hits'],
    value: { total: 'hits' },
    empty: 0,
    groupBy: ['rule'],
    greatestFirst: true,
  },
  {
    name: 'corrections.count',
    unit: 'corrections',
    description: 'Corrections applied.',
    source: 'corrections',
    dims: ['marketplace', 'rule'],
    sums: ['corrections'],
    value: { total: 'corrections' },
    empty: 0,
  },
  {
    name: 'corrections.rows',
    unit: 'rows',
    description: 'Rows that corrections changed.',
    source: 'corrections',
    dims: ['marketplace', 'rule'],
    sums: ['rows'],
    value: { total: 'rows' },
    empty: 0,
  },
];

export function findMetric(name: string): Metric | undefined {
  return METRICS.find((metric) => metric.name === name);
}
