select type, sum(events)::bigint as events, sum(bytes)::bigint as bytes
from bi.events({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
where true [[and type in ({{type}})]]
group by type
order by events desc, type
limit 12
