-- A tenant's exports and their files, which it asks for and ends through here; the jobs program makes them.
set local role mirante_views;

create view app.export_jobs with (security_barrier) as
    select id, tenant_id, key_id, dataset, format, options, window_from, window_to, filter, since, since_to, received_from, settled_at,
        endpoint_id, delivery_id, status, error, progress, due_at, created_at, completed_at, expires_at, ended_at, manifest
    from private.export_jobs
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select, insert on app.export_jobs to mirante_api;

-- A file that is destroyed has no object any more, and its name and digest stay as proof.
create view app.export_files with (security_barrier) as
    select export_id, part, name, object, rows, bytes, sha256
    from private.export_files
    where tenant_id = (select private.current_tenant()) and sha256 is not null;
grant select on app.export_files to mirante_api;

reset role;
set local role mirante_owner;

-- Cancels an export of the tenant that is under way, or has the files of a finished one destroyed. Gives how it stands then; one that has
-- ended before stays as it is. Null: the tenant has no such export.
create function door.end_export(export uuid) returns text
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
begin
    update private.export_jobs j
        set status = case j.status when 'completed' then 'deleted' else 'cancelled' end, claim = null, ended_at = now(), deleted_at = now()
        where j.tenant_id = private.current_tenant() and j.id = export and j.status in ('queued', 'running', 'completed');
    return (select j.status from private.export_jobs j where j.tenant_id = private.current_tenant() and j.id = export);
end
$$;

-- Records that somebody was given a file of an export.
create function door.note_download(export uuid, file text) returns void
    language sql volatile security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select private.append_audit(private.current_tenant(), 'export.downloaded', export::text, jsonb_build_object('file', file))
$$;
revoke all on function door.end_export, door.note_download from public;
grant execute on function door.end_export, door.note_download to mirante_api;

reset role;
