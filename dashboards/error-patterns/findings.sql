select bucket, coalesce(sum(errors), 0)::bigint as errors, coalesce(sum(warnings), 0)::bigint as warnings
from bi.validations({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
where true [[and marketplace in ({{marketplace}})]]
group by bucket
order by bucket
