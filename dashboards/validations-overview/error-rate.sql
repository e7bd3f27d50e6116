select
    bucket,
    coalesce(sum(validations) filter (where outcome = 'failure'), 0)::bigint as failures,
    coalesce(sum(validations) filter (where outcome = 'failure'), 0)
        / nullif(sum(validations) filter (where outcome in ('success', 'failure')), 0) as error_rate
from bi.validations({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
where true [[and marketplace in ({{marketplace}})]]
group by bucket
order by bucket
