select bucket, dashboard, sum(opens)::bigint as opens
from ops.opens({{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
where true [[and tenant in ({{tenant}})]]
group by bucket, dashboard
order by bucket, dashboard
