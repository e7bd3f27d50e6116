select marketplace, coalesce(sum(errors), 0)::bigint as errors, coalesce(sum(warnings), 0)::bigint as warnings
from bi.validations({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
where true [[and marketplace in ({{marketplace}})]]
group by marketplace
having sum(errors) > 0
order by errors desc, marketplace
limit 12
