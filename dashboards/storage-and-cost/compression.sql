select sum(row_bytes) / nullif(sum(column_bytes), 0) as ratio
from ops.storage()
having sum(column_bytes) > 0
