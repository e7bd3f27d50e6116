select
    marketplace,
    sum(validations)::bigint as validations,
    coalesce(sum(validations) filter (where outcome = 'failure'), 0)
        / nullif(sum(validations) filter (where outcome in ('success', 'failure')), 0) as error_rate
from bi.validations({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
group by marketplace
order by validations desc, marketplace
limit 50
