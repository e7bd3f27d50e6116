select type, sum(events)::bigint as events
from bi.events({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
group by type
order by events desc, type
limit 50
