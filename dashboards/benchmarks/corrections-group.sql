select own, p25, p50, p75, cohort, suppressed
from bi.benchmarks({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
where metric = 'corrections.per_thousand_rows'
