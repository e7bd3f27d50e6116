select state, rules, tenants
from ops.alert_rules()
order by rules desc, state
limit 10
