select tenant, name, events_30_days, created_at
from ops.tenant_usage({{from}}::timestamptz, {{to}}::timestamptz)
where kind = 'customer' and last_hour is null [[and tenant in ({{tenant}})]]
order by events_30_days desc, tenant
limit 200
