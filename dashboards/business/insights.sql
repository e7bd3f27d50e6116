select bucket, kind, sum(uses)::bigint as insights
from ops.insights(date_trunc('month', {{to}}::timestamptz - interval '11 months', ops.zone()), {{to}}::timestamptz, 'month')
where true [[and tenant = {{tenant}}]]
group by bucket, kind
order by bucket, kind
