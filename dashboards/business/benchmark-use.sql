select bucket, count(distinct tenant)::double precision / nullif(max(switched_on), 0) as share, count(distinct tenant) as readers, max(switched_on) as switched_on, sum(uses)::bigint as reads
from ops.feature_uses({{from}}::timestamptz, {{to}}::timestamptz, 'week'),
    (select switched_on as switched_on from ops.features({{from}}::timestamptz, {{to}}::timestamptz) where feature = 'benchmarks') enabled
where feature = 'benchmarks' [[and tenant in ({{tenant}})]]
group by bucket
order by bucket
