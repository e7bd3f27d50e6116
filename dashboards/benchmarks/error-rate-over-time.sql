select bucket, own, p25, p50, p75
from bi.benchmarks({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
where metric = 'validations.error_rate'
order by bucket
