select name as objective, burn_1h, burn_6h, burn_3d
from ops.objectives
where coalesce(burn_1h, burn_6h, burn_3d) is not null
order by name
