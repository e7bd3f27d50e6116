select
    weekday,
    hour,
    sum(errors)::bigint as errors,
    sum(validations)::bigint as validations,
    sum(failures)::bigint as failures
from bi.week_hours({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
where true [[and marketplace in ({{marketplace}})]]
group by weekday, hour
order by min(day), hour
