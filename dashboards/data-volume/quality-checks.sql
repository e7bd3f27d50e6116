select title as check, status, value, checked_at
from (
    select *, max(day) over () as latest
    from bi.data_quality({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
) c
where day = latest
order by array_position(array['fail', 'warn', 'unknown', 'pass'], status), title
