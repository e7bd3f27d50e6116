set local role mirante_owner;

-- Counts one view of a dashboard by a viewer of the transaction's tenant.
create function door.note_opened(dashboard text, surface text) returns void
    language sql volatile security definer
    set search_path = pg_catalog, pg_temp
    as $$
    insert into private.dashboard_opens as o (tenant_id, day, dashboard, surface, opens)
    values (private.current_tenant(), (now() at time zone 'UTC')::date, note_opened.dashboard, note_opened.surface, 1)
    on conflict (tenant_id, day, dashboard, surface) do update set opens = o.opens + 1
$$;

-- Counts one use of a feature by the transaction's tenant.
create function door.note_used(feature text) returns void
    language sql volatile security definer
    set search_path = pg_catalog, pg_temp
    as $$
    insert into private.feature_uses as u (tenant_id, day, feature, uses)
    values (private.current_tenant(), (now() at time zone 'UTC')::date, note_used.feature, 1)
    on conflict (tenant_id, day, feature) do update set uses = u.uses + 1
$$;

-- What a short link opens, for any tenant: the whole id grants access. Also returns an expired link, so that its page can say so.
create function door.find_link(link_hash bytea) returns table (
    tenant_id uuid, key_id uuid, dashboard text, params jsonb, expires_at timestamptz
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select l.tenant_id, l.key_id, l.dashboard, l.params, l.expires_at from private.dashboard_links l where l.hash = link_hash
$$;
revoke all on function door.note_opened, door.note_used, door.find_link from public;
grant execute on function door.note_opened, door.note_used, door.find_link to mirante_api;

-- A grant for the current tenant, signed with the newest secret, valid until the full hour after `until`. A tenant's grants are
-- equal within an hour, so results cached under one are found again.
create function door.sign_grant(until timestamptz) returns text
    language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
declare
    tenant uuid := private.current_tenant();
    expiry bigint := ceil(extract(epoch from until) / 3600) * 3600;
begin
    if tenant is null or until > clock_timestamp() + interval '31 days' then
        raise exception 'a grant is for one tenant and 31 days at most' using errcode = 'invalid_parameter_value';
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

-- Null if Metabase does not have that dashboard.
create function door.metabase_dashboard(wanted text) returns integer
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select m.dashboard_id from private.metabase_dashboards m where m.slug = wanted
$$;
revoke all on function door.metabase_dashboard from public;
grant execute on function door.metabase_dashboard to mirante_api;

reset role;
