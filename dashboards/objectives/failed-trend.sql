select period, failed
from (
    select {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz) as period, coalesce(sum(failed), 0)::bigint as failed
    from ops.probes({{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz), {{from}}::timestamptz, 'total')
    union all
    select {{from}}::timestamptz as period, coalesce(sum(failed), 0)::bigint as failed
    from ops.probes({{from}}::timestamptz, {{to}}::timestamptz, 'total')
) periods
order by period
