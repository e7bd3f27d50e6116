select period, rows
from (
    select {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz) as period, coalesce(sum(rows), 0)::bigint as rows
    from bi.validations({{grant}}, {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz), {{from}}::timestamptz, 'total')
    where true [[and marketplace = {{marketplace}}]]
    union all
    select {{from}}::timestamptz as period, coalesce(sum(rows), 0)::bigint as rows
    from bi.validations({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
    where true [[and marketplace = {{marketplace}}]]
) periods
order by period
