select tenant, differences, receipts, raw, rolled_up, quarantined, ran_at
from ops.reconciliation()
where true [[and tenant in ({{tenant}})]]
order by differences desc, tenant
limit 200
