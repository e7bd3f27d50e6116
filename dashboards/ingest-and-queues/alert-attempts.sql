select kind, status, deliveries, attempts, oldest_seconds
from ops.alert_deliveries({{from}}::timestamptz, {{to}}::timestamptz, 'total')
order by kind, status
