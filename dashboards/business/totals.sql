select
    count(distinct tenant) as tenants,
    coalesce(sum(opens), 0)::bigint as opens,
    count(distinct tenant || ' ' || dashboard)::double precision
        / nullif(count(distinct tenant), 0) as dashboards
from ops.opens({{since}}::timestamptz, {{until}}::timestamptz, 'total')
where true [[and tenant in ({{tenant}})]]
