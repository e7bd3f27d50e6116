set local role mirante_owner;

-- A grant for the current tenant, signed with the newest secret, good until the full hour after `until`: one tenant's grants
-- are equal within an hour, so what is cached under one is found again.
create function door.sign_grant(until timestamptz) returns text
    language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
declare
    tenant uuid := private.current_tenant();
    expiry bigint := ceil(extract(epoch from until) / 3600) * 3600;
begin
    if tenant is null or until > clock_timestamp() + interval '31 days' then
        raise exception 'A grant needs a tenant and is valid for at most 31 days.' using errcode = 'invalid_parameter_value';
    end if;
    return (
        select m.text || '.' || encode(private.hmac(s.inner_pad, s.outer_pad, m.text), 'hex')
        from (select * from private.grant_secrets order by created_at desc limit 1) s,
            lateral (select format('v1.%s.%s.%s', s.id, tenant, expiry) as text) m
    );
end
$$;
revoke all on function door.sign_grant from public;
grant execute on function door.sign_grant to mirante_api;

reset role;
