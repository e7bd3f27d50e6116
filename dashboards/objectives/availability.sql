select bucket, 1 - sum(failed)::double precision / sum(taken) as share
from ops.probes({{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
where probe <> 'arrival'
group by bucket
order by bucket
