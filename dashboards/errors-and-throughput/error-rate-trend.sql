select period, error_rate
from (
    select {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz) as period, sum(failures) / nullif(sum(requests), 0) as error_rate
    from ops.requests({{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz), {{from}}::timestamptz, 'total')
    where true [[and route = {{route}}]]
    union all
    select {{from}}::timestamptz as period, sum(failures) / nullif(sum(requests), 0) as error_rate
    from ops.requests({{from}}::timestamptz, {{to}}::timestamptz, 'total')
    where true [[and route = {{route}}]]
) periods
order by period
