select
    bucket,
    sum(validations)::bigint as validations,
    sum(rows)::bigint as rows,
    coalesce(sum(validations) filter (where outcome = 'success'), 0)::bigint as succeeded,
    coalesce(sum(validations) filter (where outcome = 'failure'), 0)::bigint as failed,
    coalesce(sum(validations) filter (where outcome is null), 0)::bigint as unknown
from bi.validations({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
where true [[and marketplace in ({{marketplace}})]]
group by bucket
order by bucket
