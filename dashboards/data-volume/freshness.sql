select
    type,
    events,
    last_event_at,
    arrived_at,
    greatest(0, date_part('epoch', now() - last_event_at)) as age
from bi.freshness({{grant}}, {{to}}::timestamptz - interval '90 days', {{to}}::timestamptz, 'total')
order by last_event_at desc, type
limit 200
