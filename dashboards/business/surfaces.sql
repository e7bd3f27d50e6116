select surface, sum(opens)::bigint as opens
from ops.opens({{from}}::timestamptz, {{to}}::timestamptz, 'total')
where true [[and tenant in ({{tenant}})]]
group by surface
order by opens desc, surface
