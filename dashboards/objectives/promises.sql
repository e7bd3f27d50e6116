select name as objective, trim_scale(round(measured::numeric, 4))::text as measured, comparison, trim_scale(target::numeric)::text as target, unit, status, budget_left, coalesce(alert, 'none') as alert, measured_at
from ops.objectives
order by name
