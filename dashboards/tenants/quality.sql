select tenant, (score / 100)::double precision as score, coalesce(failing, 'none') as failing, coalesce(warning, 'none') as warning, checked_at
from ops.data_quality({{from}}::timestamptz, {{to}}::timestamptz)
where true [[and tenant in ({{tenant}})]]
order by score nulls last, tenant
limit 200
