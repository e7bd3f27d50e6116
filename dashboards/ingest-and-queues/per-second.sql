select bucket, kind, per_second, events, bytes
from ops.ingest({{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
order by bucket, kind
