select period, dashboards
from (
    select {{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz) as period, count(distinct tenant || ' ' || dashboard)::double precision / nullif(count(distinct tenant), 0) as dashboards
    from ops.opens({{from}}::timestamptz - ({{to}}::timestamptz - {{from}}::timestamptz), {{from}}::timestamptz, 'total')
    where true [[and tenant = {{tenant}}]]
    union all
    select {{from}}::timestamptz as period, count(distinct tenant || ' ' || dashboard)::double precision / nullif(count(distinct tenant), 0) as dashboards
    from ops.opens({{from}}::timestamptz, {{to}}::timestamptz, 'total')
    where true [[and tenant = {{tenant}}]]
) periods
order by period
