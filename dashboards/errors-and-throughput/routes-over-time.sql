select bucket, route, requests
from ops.requests({{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
where route in (
    select route
    from ops.requests({{from}}::timestamptz, {{to}}::timestamptz, 'total')
    order by requests desc, route
    limit 8
) [[and route in ({{route}})]]
order by bucket, route
