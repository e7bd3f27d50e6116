select bucket, sum(bytes)::bigint as bytes
from bi.events({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
where true [[and type in ({{type}})]]
group by bucket
order by bucket
