select
    coalesce(sum(events), 0)::bigint as events,
    coalesce(sum(bytes), 0)::bigint as bytes
from bi.events({{grant}}, {{since}}::timestamptz, {{until}}::timestamptz, 'total')
where true [[and type in ({{type}})]]
