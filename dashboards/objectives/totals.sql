select coalesce(sum(failed), 0)::bigint as failed
from ops.probes({{since}}::timestamptz, {{until}}::timestamptz, 'total')
