select route, requests, p50, p95, p99
from ops.route_latency({{from}}::timestamptz, {{to}}::timestamptz, 'total')
order by p95 desc, route
limit 200
