import pg from 'pg';
import { MEASURES, type Measure } from '../metrics/measures.ts';
import { percentileQuery } from '../metrics/percentiles.ts';
import { SOURCES } from '../metrics/sources.ts';
import { columnsOf } from './columns.ts';
import type { Selection } from './selection.ts';

const DIMS = [...new Set(MEASURES.flatMap(({ dims }) => dims))];
const ORDER = ['r.bucket', 'r.metric collate "C"', ...DIMS.map((dim) => `r.${dim} collate "C" nulls first`)].join(', ');

/** The figures of every measure by all its dimensions, for the buckets that begin in the window, and the order they come in. */
export function metricRows({ from, to, filter }: Selection): { rows: string; order: string } {
  const { metric, interval = 'hour', ...dims } = filter;
  if (interval !== 'hour' && interval !== 'day') throw new Error('`interval` must be hour or day.');
  const names = metric === undefined ? undefined : [metric].flat();
  const where = [`bucket >= timestamptz '${from}'`, `bucket < timestamptz '${to}'`];
  for (const [dim, value] of Object.entries(dims)) {
    if (!DIMS.includes(dim)) throw new Error(`metrics cannot be filtered by ${dim}.`);
    where.push(`${dim} in (${[value].flat().map(pg.escapeLiteral).join(', ')})`);
  }
  const asked = MEASURES.filter(
    (measure) => (names?.includes(measure.name) ?? true) && Object.keys(dims).every((dim) => measure.dims.includes(dim)),
  );
  const parts = asked.map((measure) => figures(measure, interval, where.join(' and ')));
  return { rows: parts.length > 0 ? parts.join(' union all ') : NOTHING, order: ORDER };
}

const NOTHING = `select ${columnsOf('metrics')
  .map(({ name, sql }) => `null::${sql} as ${name}`)
  .join(', ')} where false`;

function figures(measure: Measure, interval: 'hour' | 'day', where: string): string {
  const { hourly, daily, count } = SOURCES[measure.source];
  const relation = interval === 'hour' ? hourly : daily;
  const by = ['bucket', ...measure.dims];
  const dims = DIMS.map((dim) => (measure.dims.includes(dim) ? dim : `null::text as ${dim}`)).join(', ');
  const head = `select '${measure.name}' as metric, bucket, ${dims}`;
  const unit = `'${measure.unit}' as unit`;
  if ('percentile' in measure.value) {
    const rows = `select * from ${relation} where ${where}`;
    return `${head}, value, ${unit} from (${percentileQuery(measure.value.percentile, by, rows)}) p`;
  }
  const sums = [...new Set([count, ...measure.sums])].map((column) => `${column}::double precision as ${column}`);
  const columns = ['bucket', ...new Set([...measure.dims, ...(measure.also ?? [])]), ...sums].join(', ');
  return `${head}, ${measure.value.sql} as value, ${unit}
    from (select ${columns} from ${relation} where ${where}) p group by ${by.join(', ')} having sum(${count}) > 0`;
}
