select
    coalesce(sum(validations), 0)::bigint as validations,
    coalesce(sum(rows), 0)::bigint as rows,
    coalesce(sum(validations) filter (where outcome = 'failure'), 0)
        / nullif(sum(validations) filter (where outcome in ('success', 'failure')), 0) as error_rate
from bi.validations({{grant}}, {{since}}::timestamptz, {{until}}::timestamptz, 'total')
where true [[and marketplace in ({{marketplace}})]]
