select period, bytes
from (
    select {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz) as period, coalesce(sum(bytes), 0)::bigint as bytes
    from ops.activity({{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz), {{from}}::timestamptz, 'total')
    where kind = 'customer' [[and tenant = {{tenant}}]]
    union all
    select {{from}}::timestamptz as period, coalesce(sum(bytes), 0)::bigint as bytes
    from ops.activity({{from}}::timestamptz, {{to}}::timestamptz, 'total')
    where kind = 'customer' [[and tenant = {{tenant}}]]
) periods
order by period
