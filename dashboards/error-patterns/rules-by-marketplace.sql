select rule, marketplace, sum(hits)::bigint as hits
from bi.rules({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
where rule in (
    select rule
    from bi.rules({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
    where true [[and marketplace in ({{marketplace}})]]
    group by rule
    order by sum(hits) desc, rule
    limit 12
) [[and marketplace in ({{marketplace}})]]
group by rule, marketplace
order by sum(sum(hits)) over (partition by rule) desc, rule, marketplace
