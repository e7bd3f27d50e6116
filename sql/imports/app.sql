-- A tenant's documents, and the runs that read them again. Requests add both; the jobs program works on them.
set local role mirante_views;

create view app.imports with (security_barrier) as
    select id, tenant_id, key_id, received_at, first_at, source, media_type, bytes, sha256, object, sealed_key, sealed_with, mapping, policy,
        status, importer, importer_version, findings, rows, counts, progress, duration_ms, due_at, started_at, completed_at, version,
        rewrites, destroyed_at, claim, claimed_until
    from private.imports
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select, insert on app.imports to mirante_api;

create view app.import_rows with (security_barrier) as
    select import_id, time, id
    from private.import_rows
    where tenant_id = (select private.current_tenant());
grant select on app.import_rows to mirante_api;

create view app.import_runs with (security_barrier) as
    select id, tenant_id, key_id, import_id, filter, policy, mapping, dry_run, undoes, status, error, findings, documents, rows, added, changed,
        removed, kept, progress, created_at, completed_at
    from private.import_runs
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select, insert on app.import_runs to mirante_api;

create view app.import_differences with (security_barrier) as
    select run_id, number, import_id, kind, row_key, before, after
    from private.import_differences
    where tenant_id = (select private.current_tenant());
grant select on app.import_differences to mirante_api;

create view app.import_versions with (security_barrier) as
    select import_id, version, run_id, importer, importer_version, policy, mapping, applied_at
    from private.import_versions
    where tenant_id = (select private.current_tenant());
grant select on app.import_versions to mirante_api;

reset role;
