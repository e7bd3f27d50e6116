select period, error_rate
from (
    select {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz) as period, coalesce(sum(validations) filter (where outcome = 'failure'), 0) / nullif(sum(validations) filter (where outcome in ('success', 'failure')), 0) as error_rate
    from bi.validations({{grant}}, {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz), {{from}}::timestamptz, 'total')
    where true [[and marketplace = {{marketplace}}]]
    union all
    select {{from}}::timestamptz as period, coalesce(sum(validations) filter (where outcome = 'failure'), 0) / nullif(sum(validations) filter (where outcome in ('success', 'failure')), 0) as error_rate
    from bi.validations({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
    where true [[and marketplace = {{marketplace}}]]
) periods
order by period
