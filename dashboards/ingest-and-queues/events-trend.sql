select period, events
from (
    select {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz) as period, coalesce(sum(events), 0)::bigint as events
    from ops.ingest({{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz), {{from}}::timestamptz, 'total')
    where true
    union all
    select {{from}}::timestamptz as period, coalesce(sum(events), 0)::bigint as events
    from ops.ingest({{from}}::timestamptz, {{to}}::timestamptz, 'total')
    where true
) periods
order by period
