select
    coalesce(sum(errors), 0)::bigint as errors,
    1000 * sum(errors) / nullif(sum(rows), 0) as per_thousand
from bi.validations({{grant}}, {{since}}::timestamptz, {{until}}::timestamptz, 'total')
where true [[and marketplace in ({{marketplace}})]]
