select period, p95
from (
    select {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz) as period, max(p95) as p95
    from ops.latency({{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz), {{from}}::timestamptz, 'total' [[, {{route}}]])
    union all
    select {{from}}::timestamptz as period, max(p95) as p95
    from ops.latency({{from}}::timestamptz, {{to}}::timestamptz, 'total' [[, {{route}}]])
) periods
order by period
