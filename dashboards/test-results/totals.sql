select coalesce(sum(results), 0)::bigint as results, sum(percent * results) / nullif(sum(results), 0) / 100 as mean
from bi.test_results({{grant}}, {{since}}::timestamptz, {{until}}::timestamptz, 'total')
where true [[and test in ({{test}})]]
