import pg from 'pg';
import { MEASURES, type Measure } from '../metrics/measures.ts';
import { SOURCES } from '../metrics/sources.ts';
import { columnsOf } from './columns.ts';
import type { Selection } from './rows.ts';

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
  const by = ['bucket', ...measure.dims].join(', ');
  const dims = DIMS.map((dim) => (measure.dims.includes(dim) ? dim : `null::text as ${dim}`)).join(', ');
  const head = `select '${measure.name}' as metric, bucket, ${dims}`;
  const unit = `'${measure.unit}' as unit`;
  if ('percentile' in measure.value) {
    return `${head}, ${estimate('bin')} as value, ${unit} from (
      select ${by}, min(bin) filter (where reached >= ceil(events * ${measure.value.percentile} / 100)) as bin
      from (
        select ${by}, bin, sum(sum(events)) over (partition by ${by} order by bin) as reached,
          sum(sum(events)) over (partition by ${by}) as events
        from ${relation} where ${where} group by ${by}, bin
      ) b where events > 0 group by ${by}
    ) p`;
  }
  const sums = [...new Set([count, ...measure.sums])].map((column) => `${column}::double precision as ${column}`);
  const columns = ['bucket', ...new Set([...measure.dims, ...(measure.also ?? [])]), ...sums].join(', ');
  return `${head}, ${measure.value.sql} as value, ${unit}
    from (select ${columns} from ${relation} where ${where}) p group by ${by} having sum(${count}) > 0`;
}

// As metrics.ts does it; kept within what exp() can give.
const estimate = (bin: string) =>
  `case when ${bin} = -32768 then 0 else exp(least(greatest(${bin} * ln(1.04::double precision) + ln(2 / 2.04::double precision), -744), 709.7827128933839)) end`;
