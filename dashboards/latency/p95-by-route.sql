select bucket, route, p95
from ops.route_latency({{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
where route in (
    select route
    from ops.requests({{from}}::timestamptz, {{to}}::timestamptz, 'total')
    group by route
    order by sum(requests) desc, route
    limit 6
) [[and route in ({{route}})]]
order by bucket, route
