select bucket, sum(validations)::bigint as validations, sum(rows)::bigint as rows
from bi.validations({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
group by bucket
order by bucket
