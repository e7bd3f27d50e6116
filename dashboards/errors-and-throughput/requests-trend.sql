select period, requests
from (
    select {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz) as period, coalesce(sum(requests), 0)::bigint as requests
    from ops.requests({{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz), {{from}}::timestamptz, 'total')
    where true [[and route = {{route}}]]
    union all
    select {{from}}::timestamptz as period, coalesce(sum(requests), 0)::bigint as requests
    from ops.requests({{from}}::timestamptz, {{to}}::timestamptz, 'total')
    where true [[and route = {{route}}]]
) periods
order by period
