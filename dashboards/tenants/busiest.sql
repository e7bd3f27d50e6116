select tenant, events
from ops.activity({{from}}::timestamptz, {{to}}::timestamptz, 'total')
where kind = 'customer' [[and tenant in ({{tenant}})]]
order by events desc, tenant
limit 12
