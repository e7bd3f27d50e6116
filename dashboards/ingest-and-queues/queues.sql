select queue, beat_at, greatest(0, date_part('epoch', now() - beat_at)) as age
from ops.heartbeats
order by beat_at, queue
limit 50
