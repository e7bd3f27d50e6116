select bucket, p50 / 1000 as p50, p95 / 1000 as p95
from ops.probes({{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
where probe = 'arrival'
order by bucket
