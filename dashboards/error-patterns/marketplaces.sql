select
    marketplace,
    sum(validations)::bigint as validations,
    coalesce(sum(validations) filter (where outcome = 'failure'), 0)
        / nullif(sum(validations) filter (where outcome in ('success', 'failure')), 0) as error_rate,
    1000 * sum(errors) / nullif(sum(rows), 0) as per_thousand
from bi.validations({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
group by marketplace
order by per_thousand desc nulls last, marketplace
limit 50
