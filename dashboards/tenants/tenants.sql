select
    tenant,
    name,
    kind,
    events,
    failures::double precision / nullif(events, 0) as failure_rate,
    bytes,
    refused,
    requests,
    keys,
    sql_logins,
    last_hour,
    created_at
from ops.tenant_usage({{from}}::timestamptz, {{to}}::timestamptz)
order by events desc, tenant
limit 1000
