select bucket, band, requests
from ops.latency_bands({{from}}::timestamptz, {{to}}::timestamptz, {{interval}} [[, {{route}}]])
