select own
from bi.benchmarks({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total', 'latency.p95')
where own is not null
