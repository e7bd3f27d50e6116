select kind, sum(bytes)::bigint as bytes
from ops.storage()
group by kind
order by bytes desc
