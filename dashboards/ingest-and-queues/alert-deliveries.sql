select bucket, status, sum(deliveries)::bigint as deliveries
from ops.alert_deliveries({{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
group by bucket, status
order by bucket, status
