select period, own, p25, p50, p75
from bi.benchmarks({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, {{interval}}, 'validations.error_rate')
where own is not null
order by bucket
