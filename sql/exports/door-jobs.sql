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
