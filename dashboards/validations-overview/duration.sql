select bucket, p50, p95
from bi.latency({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
where type = 'br.validahub.validation.completed.v1' and route is null
order by bucket
