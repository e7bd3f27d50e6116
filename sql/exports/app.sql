-- A tenant's exports and their files. Requests create and read exports through these views; the jobs program runs them.
set local role mirante_views;

create view app.export_jobs with (security_barrier) as
    select id, tenant_id, key_id, dataset, format, options, window_from, window_to, filter, since, since_to, received_from, settled_at,
        endpoint_id, delivery_id, status, error, progress, due_at, created_at, completed_at, expires_at, ended_at, manifest
    from private.export_jobs
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select, insert on app.export_jobs to mirante_api;

-- A destroyed file has no object any more; its name and digest stay as proof.
create view app.export_files with (security_barrier) as
    select export_id, part, name, object, rows, bytes, sha256
    from private.export_files
    where tenant_id = (select private.current_tenant()) and sha256 is not null;
grant select on app.export_files to mirante_api;

reset role;
