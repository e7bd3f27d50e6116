select period, own, reason, p25, p50, p75, cohort || ' · ' || size_band as cohort
from bi.benchmarks({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total', 'latency.p95')
where own is not null
