select
    max(p50) as p50,
    max(p95) as p95,
    max(p99) as p99
from ops.latency({{since}}::timestamptz, {{until}}::timestamptz, 'total' [[, {{route}}]])
