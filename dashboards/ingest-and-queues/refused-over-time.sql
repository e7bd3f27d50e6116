select bucket, code, sum(refused)::bigint as refused
from ops.quarantined({{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
group by bucket, code
order by bucket, code
