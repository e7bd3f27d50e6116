select
    code,
    type,
    sum(refused)::bigint as refused,
    sum(waiting)::bigint as waiting,
    max(last_at) as last_at
from bi.quarantined({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
where true [[and type in ({{type}})]]
group by code, type
order by refused desc, code, type
limit 200
