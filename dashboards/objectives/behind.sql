select p95 / 1000 as behind
from ops.probes({{from}}::timestamptz, {{to}}::timestamptz, 'total')
where probe = 'arrival'
