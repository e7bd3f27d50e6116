select route, requests, failures, failures::double precision / requests as error_rate
from ops.requests({{from}}::timestamptz, {{to}}::timestamptz, 'total')
where failures > 0 [[and route in ({{route}})]]
order by failures desc, route
limit 200
