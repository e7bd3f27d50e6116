select code, sum(refused)::bigint as refused, sum(waiting)::bigint as waiting
from ops.quarantined({{from}}::timestamptz, {{to}}::timestamptz, 'total')
group by code
order by refused desc, code
limit 20
