select period, per_thousand
from (
    select {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz) as period, 1000 * sum(errors) / nullif(sum(rows), 0) as per_thousand
    from bi.validations({{grant}}, {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz), {{from}}::timestamptz, 'total')
    where true [[and marketplace = {{marketplace}}]]
    union all
    select {{from}}::timestamptz as period, 1000 * sum(errors) / nullif(sum(rows), 0) as per_thousand
    from bi.validations({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
    where true [[and marketplace = {{marketplace}}]]
) periods
order by period
