select period, bytes
from (
    select {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz) as period, coalesce(sum(bytes), 0)::bigint as bytes
    from bi.events({{grant}}, {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz), {{from}}::timestamptz, 'total')
    where true [[and type = {{type}}]]
    union all
    select {{from}}::timestamptz as period, coalesce(sum(bytes), 0)::bigint as bytes
    from bi.events({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
    where true [[and type = {{type}}]]
) periods
order by period
