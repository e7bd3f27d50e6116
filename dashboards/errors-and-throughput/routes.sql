select route, requests
from ops.requests({{from}}::timestamptz, {{to}}::timestamptz, 'total')
order by requests desc, route
limit 15
