select dashboard, sum(opens)::bigint as opens, count(distinct tenant) as tenants
from ops.opens({{from}}::timestamptz, {{to}}::timestamptz, 'total')
where true [[and tenant in ({{tenant}})]]
group by dashboard
order by opens desc, dashboard
limit 20
