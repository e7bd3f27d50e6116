select waiting_hours
from ops.refresh_lag()
