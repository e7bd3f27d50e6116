select count(*) filter (where status = 'missed') as missed
from ops.objectives
having count(measured) > 0
