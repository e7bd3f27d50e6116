select bucket, tenant, count(distinct dashboard) as dashboards, sum(opens)::bigint as opens
from ops.opens({{from}}::timestamptz, {{to}}::timestamptz, 'week')
where (tenant in (
    select tenant
    from ops.opens({{from}}::timestamptz, {{to}}::timestamptz, 'total')
    group by tenant
    order by sum(opens) desc, tenant
    limit 12
) [[or tenant in ({{tenant}})]]) [[and tenant in ({{tenant}})]]
group by bucket, tenant
order by bucket, tenant
