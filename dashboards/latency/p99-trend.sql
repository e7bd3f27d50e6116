select period, p99
from (
    select {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz) as period, max(p99) as p99
    from ops.latency({{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz), {{from}}::timestamptz, 'total' [[, {{route}}]])
    union all
    select {{from}}::timestamptz as period, max(p99) as p99
    from ops.latency({{from}}::timestamptz, {{to}}::timestamptz, 'total' [[, {{route}}]])
) periods
order by period
