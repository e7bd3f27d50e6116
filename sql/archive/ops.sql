set local role mirante_owner;

-- What the archive holds of each tenant, and how its last runs ended: counts and sizes, never names of types, which errors may
-- contain.
create view ops.archive with (security_barrier) as
    select tenant_id, status, count(*) as files, sum(rows) as rows, sum(bytes) as bytes, min(day) as first_day, max(day) as last_day
    from private.archive_files group by 1, 2;

create view ops.archive_runs with (security_barrier) as
    select started_at, ended_at, boundary, files, rows, bytes, removed, error is not null as failed from storage.archive_runs;

create view ops.retention_runs with (security_barrier) as
    select ran_at, relation, rule, dropped_to, dropped from storage.retention_runs;

reset role;
