select period, own, p25, p50, p75
from bi.benchmarks({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, {{interval}}, 'corrections.per_thousand_rows')
where own is not null
order by bucket
