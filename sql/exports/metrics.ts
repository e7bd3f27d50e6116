import pg from 'pg';
import { METRICS, type Metric } from '../metrics/catalogue.ts';
import { SOURCES } from '../metrics/sources.ts';
import { valuesQuery } from '../metrics/values.ts';
import { columnsOf } from './columns.ts';
import type { Selection } from './selection.ts';

const DIMS = [...new Set(METRICS.flatMap(({ dims }) => dims))];
const ORDER = ['r.bucket', 'r.metric collate "C"', ...DIMS.map((dim) => `r.${dim} collate "C" nulls first`)].join(', ');

/** SQL for the values of every metric by all its dimensions, for the buckets that begin in the window, and their order. */
export function metricRows({ from, to, filter }: Selection): { rows: string; order: string } {
  const { metric, interval = 'hour', ...dims } = filter;
  if (interval !== 'hour' && interval !== 'day') throw new Error('`interval` must be hour or day.');
  const names = metric === undefined ? undefined : [metric].flat();
  const where = [`bucket >= timestamptz '${from}'`, `bucket < timestamptz '${to}'`];
  for (const [dim, value] of Object.entries(dims)) {
    if (!DIMS.includes(dim)) throw new Error(`metrics cannot be filtered by ${dim}.`);
    where.push(`${dim} in (${[value].flat().map(pg.escapeLiteral).join(', ')})`);
  }
  const asked = METRICS.filter(
    (metric) => (names?.includes(metric.name) ?? true) && Object.keys(dims).every((dim) => metric.dims.includes(dim)),
  );
  const parts = asked.map((metric) => valuesOf(metric, interval, where.join(' and ')));
  return { rows: parts.length > 0 ? parts.join(' union all ') : NOTHING, order: ORDER };
}

const NOTHING = `select ${columnsOf('metrics')
  .map(({ name, sql }) => `null::${sql} as ${name}`)
  .join(', ')} where false`;

function valuesOf(metric: Metric, interval: 'hour' | 'day', where: string): string {
  const { hourly, daily, count } = SOURCES[metric.source];
  const relation = interval === 'hour' ? hourly : daily;
  const dims = DIMS.map((dim) => (metric.dims.includes(dim) ? dim : `null::text as ${dim}`)).join(', ');
  const sums = [...new Set([count, ...metric.sums])].map((column) => `${column}::double precision as ${column}`);
  const columns = ['bucket', ...new Set([...metric.dims, ...(metric.also ?? [])]), ...sums].join(', ');
  const values = valuesQuery(metric, ['bucket', ...metric.dims], `select ${columns} from ${relation} where ${where}`);
  return `select '${metric.name}' as metric, bucket, ${dims}, value, '${metric.unit}' as unit from (${values}) v`;
}
