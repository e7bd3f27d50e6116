set local role mirante_owner;

-- Records in the audit log that somebody read a document as it came.
create function door.note_import_read(import uuid) returns void
    language sql volatile security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select private.append_audit(private.current_tenant(), 'import.body_read', import::text, '{}')
$$;
revoke all on function door.note_import_read from public;
grant execute on function door.note_import_read to mirante_api;

reset role;
