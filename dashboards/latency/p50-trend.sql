select period, p50
from (
    select {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz) as period, max(p50) as p50
    from ops.latency({{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz), {{from}}::timestamptz, 'total' [[, {{route}}]])
    union all
    select {{from}}::timestamptz as period, max(p50) as p50
    from ops.latency({{from}}::timestamptz, {{to}}::timestamptz, 'total' [[, {{route}}]])
) periods
order by period
