select bucket, probe, failed, taken
from ops.probes({{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
order by bucket, probe
