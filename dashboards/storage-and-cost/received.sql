select bucket, sum(bytes)::bigint as bytes, sum(events)::bigint as events
from ops.ingest({{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
group by bucket
order by bucket
