select relation, parts, bytes, row_bytes, column_bytes, retained_from
from ops.storage()
where kind = 'raw'
order by bytes desc, relation
