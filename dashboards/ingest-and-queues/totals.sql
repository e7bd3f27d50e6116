select coalesce(sum(events), 0)::bigint as events
from ops.ingest({{since}}::timestamptz, {{until}}::timestamptz, 'total')
