select bucket, marketplace, sum(corrections)::bigint as corrections
from bi.corrections({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
where true [[and marketplace in ({{marketplace}})]]
group by bucket, marketplace
order by bucket, marketplace
