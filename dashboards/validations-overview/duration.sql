select bucket, p50, p95
from bi.latency({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, {{interval}}, 'br.validahub.validation.completed.v1')
order by bucket
