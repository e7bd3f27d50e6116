select own
from bi.benchmarks({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total', 'validations.error_rate')
where own is not null
