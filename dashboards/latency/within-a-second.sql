select coalesce(sum(requests) filter (where band not in ('1000–2500 ms', '> 2500 ms')), 0) / nullif(sum(requests), 0) as share
from ops.latency_bands({{from}}::timestamptz, {{to}}::timestamptz, 'total' [[, {{route}}]])
having sum(requests) > 0
