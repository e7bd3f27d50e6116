select
    count(distinct tenant) as active,
    coalesce(sum(events), 0)::bigint as events,
    coalesce(sum(bytes), 0)::bigint as bytes
from ops.activity({{since}}::timestamptz, {{until}}::timestamptz, 'total')
where kind = 'customer' [[and tenant in ({{tenant}})]]
