set local role mirante_views;

create view app.withdrawn_subjects with (security_barrier) as
    select tenant_id, subject_hash, withdrawn_at
    from private.withdrawn_subjects
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select, insert, delete on app.withdrawn_subjects to mirante_api;

-- The person of a request can be written through this view but not read: responses contain the pseudonym.
create view app.privacy_requests with (security_barrier) as
    select id, tenant_id, kind, person, person_hash, lasting_hash, reason, status, progress, blocked, created_at, due_at, completed_at, outcome
    from private.privacy_requests
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select (id, kind, person_hash, reason, status, progress, blocked, created_at, due_at, completed_at, outcome), insert
    on app.privacy_requests to mirante_api;

-- Only files of completed requests.
create view app.privacy_files with (security_barrier) as
    select request_id, name, part, content
    from private.privacy_files f
    where tenant_id = (select private.current_tenant())
        and exists (select from private.privacy_requests r
            where r.tenant_id = f.tenant_id and r.id = f.request_id and r.status = 'completed');
grant select on app.privacy_files to mirante_api;

reset role;
