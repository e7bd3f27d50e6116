select bucket, own, p25, p50, p75
from bi.benchmarks({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
where metric = 'corrections.per_thousand_rows'
order by bucket
