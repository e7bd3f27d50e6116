select bucket, requests, p50, p95, p99
from ops.latency({{from}}::timestamptz, {{to}}::timestamptz, {{interval}} [[, {{route}}]])
order by bucket
