select bucket, p25 / 100 as p25, p50 / 100 as p50, p75 / 100 as p75
from bi.test_quartiles({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, {{interval}}[[, {{test}}]])
order by bucket
