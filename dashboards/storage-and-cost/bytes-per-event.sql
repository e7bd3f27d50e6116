select sum(bytes) / nullif(sum(events), 0) as bytes_per_event
from ops.storage()
having sum(events) > 0
