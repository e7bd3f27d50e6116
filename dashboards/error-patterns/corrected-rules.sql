select rule, sum(corrections)::bigint as corrections, coalesce(sum(rows), 0)::bigint as rows
from bi.corrections({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
where true [[and marketplace in ({{marketplace}})]]
group by rule
order by corrections desc, rule
limit 15
