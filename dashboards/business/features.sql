select feature, customers, switched_on, used_by
from ops.features({{from}}::timestamptz, {{to}}::timestamptz)
order by feature
