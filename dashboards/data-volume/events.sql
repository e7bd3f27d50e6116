select bucket, type, sum(events)::bigint as events
from bi.events({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, {{interval}})
where type in (
    select type
    from bi.events({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
    group by type
    order by sum(events) desc, type
    limit 12
) [[and type in ({{type}})]]
group by bucket, type
order by bucket, type
