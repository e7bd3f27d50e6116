set local role mirante_owner;

-- How each tenant's exports stand; `failing`: of those under way, how many had their last attempt fail.
create view ops.exports with (security_barrier) as
    select tenant_id, status, count(*) as exports,
        count(*) filter (where status in ('queued', 'running') and attempts > 1) as failing
    from private.export_jobs group by 1, 2;

reset role;
