select period, p95
from (
    select {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz) as period, max(p95) as p95
    from bi.latency({{grant}}, {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz), {{from}}::timestamptz, 'total', 'br.validahub.validation.completed.v1')
    union all
    select {{from}}::timestamptz as period, max(p95) as p95
    from bi.latency({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total', 'br.validahub.validation.completed.v1')
) periods
order by period
