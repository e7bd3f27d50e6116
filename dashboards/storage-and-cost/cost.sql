select usd
from ops.storage_cost()
