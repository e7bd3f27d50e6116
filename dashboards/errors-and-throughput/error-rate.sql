select bucket, sum(failures) / nullif(sum(requests), 0) as error_rate
from ops.requests({{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
where true [[and route in ({{route}})]]
group by bucket
order by bucket
