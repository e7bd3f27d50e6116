select watermark, lag_seconds, waiting_hours, oldest_hour, materialised_to
from ops.refresh_lag()
