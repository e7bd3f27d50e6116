select code, status, documents, last_at
from bi.test_findings({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
order by documents desc, code, status
limit 100
