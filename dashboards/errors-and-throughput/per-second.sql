select sum(requests)::double precision
        / ops.seconds_of({{from}}::timestamptz, 'total', {{from}}::timestamptz, {{to}}::timestamptz, 'UTC') as per_second
from ops.requests({{from}}::timestamptz, {{to}}::timestamptz, 'total')
where true [[and route in ({{route}})]]
having sum(requests) > 0
