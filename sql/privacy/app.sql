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

-- Open reviews. One ends with the input that it is about, whose retention is short.
create view app.privacy_reviews with (security_barrier) as
    select r.id, r.request_id, r.person_hash, r.quarantine_id, r.received_at, q.code, q.type, r.cuts, q.raw, r.created_at
    from private.privacy_reviews r join private.quarantine q
        on q.tenant_id = r.tenant_id and q.received_at = r.received_at and q.id = r.quarantine_id
    where r.tenant_id = (select private.current_tenant()) and r.decision is null;
grant select on app.privacy_reviews to mirante_api;

create view app.field_rewrites with (security_barrier) as
    select tenant_id, type, fields, rows, files, progress, requested_at, completed_at
    from private.field_rewrites
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select, insert, update on app.field_rewrites to mirante_api;

reset role;
