select bucket, probe, p95
from ops.probes({{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
where probe <> 'arrival'
order by bucket, probe
