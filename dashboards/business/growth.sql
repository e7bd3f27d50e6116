select bucket, case when bucket + interval '1 month' <= now() then insights / lag(insights) over (order by bucket) - 1 end as growth, insights
from (
    select bucket, sum(uses)::double precision as insights
    from ops.insights(ops.month_start({{to}}::timestamptz - interval '11 months'), {{to}}::timestamptz, 'month')
    where true [[and tenant in ({{tenant}})]]
    group by bucket
) months
order by bucket
