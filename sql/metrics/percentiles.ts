/**
 * The query of one percentile of latency by nearest rank, from rows of `bin` and `events`, for each group of the columns `by`. What a
 * percentile is, and the value of a bin, is known to the functions of sql/metrics/latency.sql alone.
 */
export function percentileQuery(percentile: number, by: readonly string[], rows: string): string {
  const group = by.join(', ');
  return `select ${group},
        private.latency_estimate(min(bin) filter (where private.reaches_percentile(reached, events, ${percentile}))) as value
    from (
        select ${group}, bin, sum(sum(events)) over (partition by ${group} order by bin) as reached,
            sum(sum(events)) over (partition by ${group}) as events
        from (${rows}) p group by ${group}, bin
    ) b where events > 0 group by ${group}`;
}
