select sum(bytes) / nullif(sum(events), 0) * 1000000 / 1000000000 * 0.115 as usd
from ops.storage()
having sum(events) > 0
