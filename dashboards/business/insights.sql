select bucket, kind, sum(uses)::bigint as insights
from ops.insights(ops.month_start({{to}}::timestamptz - interval '11 months'), {{to}}::timestamptz, 'month')
where true [[and tenant in ({{tenant}})]]
group by bucket, kind
order by bucket, kind
