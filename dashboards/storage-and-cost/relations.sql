select relation, bytes, kind
from ops.storage()
order by bytes desc, relation
limit 20
