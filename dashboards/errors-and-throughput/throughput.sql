select bucket, sum(requests - failures)::bigint as answered, sum(failures)::bigint as failures
from ops.requests({{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
where true [[and route in ({{route}})]]
group by bucket
order by bucket
