select tenant, sum(opens)::bigint as opens, count(distinct dashboard) as dashboards
from ops.opens({{from}}::timestamptz, {{to}}::timestamptz, 'total')
group by tenant
order by opens desc, tenant
limit 1000
