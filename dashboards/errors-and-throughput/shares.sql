select route, requests
from ops.requests({{from}}::timestamptz, {{to}}::timestamptz, 'total')
where true [[and route in ({{route}})]]
order by requests desc, route
limit 10
