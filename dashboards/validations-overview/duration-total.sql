select max(p95) as p95
from bi.latency({{grant}}, {{since}}::timestamptz, {{until}}::timestamptz, 'total', 'br.validahub.validation.completed.v1')
