set local role mirante_owner;

-- The isolation audit causes thousands of errors on purpose, which would fill the server's log. Keeps errors of this session out
-- of it until `discard all`. Needs a grant of a canary, which only the audit has.
create or replace function private.silence_audit(tenant_grant text) returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
    as $$
begin
    perform private.open_grant(tenant_grant);
    if not exists (select from private.tenants t where t.id = split_part(tenant_grant, '.', 3)::uuid and t.kind = 'canary') then
        raise exception 'invalid grant' using errcode = 'invalid_authorization_specification';
    end if;
    if has_parameter_privilege('log_min_messages', 'set') then
        perform set_config('log_min_messages', 'log', false);
    end if;
end
$$;
revoke all on function private.silence_audit from public;
grant execute on function private.silence_audit to mirante_views;

reset role;
set local role mirante_views;

create function app.silence_audit(tenant_grant text) returns void
    language sql volatile security definer
    set search_path = pg_catalog, pg_temp
    as $$ select private.silence_audit(tenant_grant) $$;
revoke all on function app.silence_audit from public;
grant execute on function app.silence_audit to mirante_api, mirante_sql;

create function bi.silence_audit(tenant_grant text) returns void
    language sql volatile security definer
    set search_path = pg_catalog, pg_temp
    as $$ select private.silence_audit(tenant_grant) $$;
revoke all on function bi.silence_audit from public;
grant execute on function bi.silence_audit to mirante_metabase;

reset role;
