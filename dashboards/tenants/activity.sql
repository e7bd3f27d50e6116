select bucket, tenant, events
from ops.activity({{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
where kind = 'customer' and (tenant in (
    select tenant
    from ops.activity({{from}}::timestamptz, {{to}}::timestamptz, 'total')
    where kind = 'customer'
    order by events desc, tenant
    limit 8
) [[or tenant in ({{tenant}})]]) [[and tenant in ({{tenant}})]]
order by bucket, tenant
