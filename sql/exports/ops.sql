set local role mirante_owner;

-- Exports of each tenant by status. `failing`: unfinished exports whose last attempt failed.
create view ops.exports with (security_barrier) as
    select tenant_id, status, count(*) as exports,
        count(*) filter (where status in ('queued', 'running') and attempts > 1) as failing
    from private.export_jobs group by 1, 2;

reset role;
