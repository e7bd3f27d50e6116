select bucket, (sum(points) / nullif(sum(weight) filter (where points is not null), 0))::double precision as score
from bi.data_quality({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
group by bucket
order by bucket
