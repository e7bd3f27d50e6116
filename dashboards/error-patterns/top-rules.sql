select rule, sum(hits)::bigint as hits, sum(validations)::bigint as validations
from bi.rules({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
where true [[and marketplace in ({{marketplace}})]]
group by rule
order by hits desc, rule
limit 15
