select refused / nullif(refused + accepted, 0) as share
from (
    select
        (select coalesce(sum(refused), 0) from ops.quarantined({{from}}::timestamptz, {{to}}::timestamptz, 'total')) as refused,
        (select coalesce(sum(events), 0) from ops.ingest({{from}}::timestamptz, {{to}}::timestamptz, 'total')) as accepted
) counted
where refused + accepted > 0
