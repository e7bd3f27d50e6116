select period, active
from (
    select {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz) as period, count(distinct tenant) as active
    from ops.activity({{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz), {{from}}::timestamptz, 'total')
    where kind = 'customer' [[and tenant = {{tenant}}]]
    union all
    select {{from}}::timestamptz as period, count(distinct tenant) as active
    from ops.activity({{from}}::timestamptz, {{to}}::timestamptz, 'total')
    where kind = 'customer' [[and tenant = {{tenant}}]]
) periods
order by period
