select
    coalesce(sum(requests), 0)::bigint as requests,
    coalesce(sum(failures), 0)::bigint as failures,
    sum(failures) / nullif(sum(requests), 0) as error_rate
from ops.requests({{since}}::timestamptz, {{until}}::timestamptz, 'total')
where true [[and route in ({{route}})]]
