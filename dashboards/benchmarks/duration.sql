select own
from bi.benchmarks({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
where metric = 'latency.p95'
