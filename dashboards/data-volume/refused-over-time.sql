select bucket, code, sum(refused)::bigint as refused
from bi.quarantined({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
where true [[and type in ({{type}})]]
group by bucket, code
order by bucket, code
