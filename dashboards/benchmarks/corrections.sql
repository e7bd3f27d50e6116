select own
from bi.benchmarks({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total', 'corrections.per_thousand_rows')
where own is not null
