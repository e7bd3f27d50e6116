select ran_at, relation, rule, dropped_to, dropped
from ops.retention_runs
where ran_at >= {{from}}::timestamptz and ran_at < {{to}}::timestamptz
order by ran_at desc, relation
limit 500
