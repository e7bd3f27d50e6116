select refused / nullif(refused + accepted, 0) as share
from (
    select
        (select coalesce(sum(refused), 0) from bi.quarantined({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total') where true [[and type in ({{type}})]]) as refused,
        (select coalesce(sum(events), 0) from bi.events({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total') where true [[and type in ({{type}})]]) as accepted
) counted
where refused + accepted > 0
