select period, corrections
from (
    select {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz) as period, coalesce(sum(corrections), 0)::bigint as corrections
    from bi.corrections({{grant}}, {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz), {{from}}::timestamptz, 'total')
    where true [[and marketplace = {{marketplace}}]]
    union all
    select {{from}}::timestamptz as period, coalesce(sum(corrections), 0)::bigint as corrections
    from bi.corrections({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
    where true [[and marketplace = {{marketplace}}]]
) periods
order by period
