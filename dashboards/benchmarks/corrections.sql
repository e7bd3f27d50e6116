select own
from bi.benchmarks({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
where metric = 'corrections.per_thousand_rows'
