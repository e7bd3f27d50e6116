select 1 - sum(failed)::double precision / sum(taken) as share
from ops.probes({{from}}::timestamptz, {{to}}::timestamptz, 'total')
where probe <> 'arrival'
having sum(taken) > 0
