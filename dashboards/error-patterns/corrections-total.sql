select coalesce(sum(corrections), 0)::bigint as corrections
from bi.corrections({{grant}}, {{since}}::timestamptz, {{until}}::timestamptz, 'total')
where true [[and marketplace in ({{marketplace}})]]
