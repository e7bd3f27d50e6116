select period, failures
from (
    select {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz) as period, coalesce(sum(failures), 0)::bigint as failures
    from ops.requests({{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz), {{from}}::timestamptz, 'total')
    where true [[and route = {{route}}]]
    union all
    select {{from}}::timestamptz as period, coalesce(sum(failures), 0)::bigint as failures
    from ops.requests({{from}}::timestamptz, {{to}}::timestamptz, 'total')
    where true [[and route = {{route}}]]
) periods
order by period
