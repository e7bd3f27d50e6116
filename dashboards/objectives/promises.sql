select name as objective, measured, comparison, target, unit, status, budget_left, alert, measured_at
from ops.objectives
order by name
