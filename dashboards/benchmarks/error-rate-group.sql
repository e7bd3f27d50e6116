select own, p25, p50, p75, cohort, suppressed
from bi.benchmarks({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
where metric = 'validations.error_rate'
