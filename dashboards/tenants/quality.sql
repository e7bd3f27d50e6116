select tenant, (score / 100)::double precision as score, coalesce(failing, '') as failing, coalesce(warning, '') as warning, checked_at
from ops.data_quality({{from}}::timestamptz, {{to}}::timestamptz)
where true [[and tenant = {{tenant}}]]
order by score nulls last, tenant
limit 200
