select lag_seconds
from ops.refresh_lag()
