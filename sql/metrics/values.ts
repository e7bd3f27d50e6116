import type { Metric } from './catalogue.ts';
import { SOURCES } from './sources.ts';

/**
 * SQL for a metric's values per group of the columns `by`. `rows` is a query with these columns and those that the metric needs.
 */
export function valuesQuery(metric: Metric, by: readonly string[], rows: string): string {
  const { value, source } = metric;
  const group = by.join(', ');
  if ('percentile' in value) return percentileQuery(value.percentile, group, rows);
  // A group whose rows were all moved to another bucket disappears.
  return `select ${group}, ${sqlOf(value)} as value from (${rows}) p group by ${group} having sum(${SOURCES[source].count}) > 0`;
}

function sqlOf(value: Exclude<Metric['value'], { percentile: number }>): string {
  if ('total' in value) return `coalesce(sum(${value.total}), 0)`;
  if ('quotient' in value) return `coalesce(sum(${value.quotient[0]}), 0) / nullif(sum(${value.quotient[1]}), 0)`;
  return `coalesce(sum(${value.failures}) filter (where outcome = 'failure'), 0)
      / nullif(sum(${value.failures}) filter (where outcome in ('success', 'failure')), 0)`;
}

// Only the functions of sql/metrics/latency.sql define a percentile and the value of a bin.
function percentileQuery(percentile: number, group: string, rows: string): string {
  return `select ${group},
        private.latency_estimate(min(bin) filter (where private.reaches_percentile(reached, events, ${percentile}))) as value
    from (
        select ${group}, bin, sum(sum(events)) over (partition by ${group} order by bin) as reached,
            sum(sum(events)) over (partition by ${group}) as events
        from (${rows}) p group by ${group}, bin
    ) b where events > 0 group by ${group}`;
}
