select test, sum(percent * results) / sum(results) / 100 as mean, sum(results)::bigint as results
from bi.test_results({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
group by test
order by mean, test
limit 100
