select tenant, events_30_days::double precision / events_per_month as used, events_30_days, events_per_month
from ops.tenant_usage({{from}}::timestamptz, {{to}}::timestamptz)
where events_per_month > 0 [[and tenant in ({{tenant}})]]
order by used desc, tenant
limit 15
