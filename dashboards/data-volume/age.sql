select greatest(0, date_part('epoch', now() - max(last_event_at))) as age
from bi.freshness({{grant}}, {{to}}::timestamptz - interval '90 days', {{to}}::timestamptz, 'total')
where true [[and type in ({{type}})]]
having max(last_event_at) is not null
