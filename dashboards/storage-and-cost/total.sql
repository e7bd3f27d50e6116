select sum(bytes)::bigint as bytes
from ops.storage()
