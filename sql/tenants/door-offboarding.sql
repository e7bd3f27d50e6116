set local role mirante_owner;

-- Closes a tenant at once: revokes its keys, blinds its logins and locks them out. The job does the rest. Calling it again
-- changes nothing. No row: there is no such customer.
create function door.offboard_tenant(tenant uuid) returns setof private.offboardings
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
declare
    customer private.tenants;
begin
    select * into customer from private.tenants t where t.id = tenant and t.kind = 'customer' for update;
    if customer.id is not null and customer.offboarding_at is null then
        update private.tenants t set offboarding_at = now() where t.id = tenant;
        update private.api_keys k set revoked_at = now() where k.tenant_id = tenant and k.revoked_at is null;
        perform door.revoke_sql_login(l.tenant_id, l.id) from private.sql_logins l
            where l.tenant_id = tenant and l.revoked_at is null;
        -- A tenant that was removed, and imported again since, is removed again.
        insert into private.offboardings as o (tenant_id, slug) values (tenant, customer.slug)
            on conflict (tenant_id) do update set slug = excluded.slug, requested_at = excluded.requested_at,
                closed_in = excluded.closed_in, progress = 0, alerted = 0, completed_at = null, certificate = null, retry_at = null, attempts = 0,
                earlier = o.earlier || coalesce(o.certificate, '{}');
    end if;
    return query select * from private.offboardings o where o.tenant_id = tenant;
end
$$;

create function door.key_hashes(tenant uuid) returns setof bytea
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select k.hash from private.api_keys k where k.tenant_id = tenant
$$;

create function door.offboarding(tenant uuid) returns setof private.offboardings
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select * from private.offboardings o where o.tenant_id = tenant
$$;

-- Open requests with a legal deadline: privacy requests (LGPD art. 19, II), removals of tenants, which get the same time, and notices
-- of incidents (art. 48). `level`: which alert is due; `alerted`: the last one that was sent.
create or replace function private.legal_terms() returns table (
    tenant_id uuid, id uuid, kind text, due_at timestamptz, attempts integer, level integer, alerted integer
)
    language sql stable
    set search_path = pg_catalog, pg_temp
    as $$
    select r.tenant_id, r.id, r.kind, r.due_at, r.attempts, private.term_level(r.created_at, r.due_at), r.alerted
    from private.privacy_requests r where r.status in ('queued', 'running')
    union all
    select o.tenant_id, o.tenant_id, 'removal', o.requested_at + interval '15 days', o.attempts,
        private.term_level(o.requested_at, o.requested_at + interval '15 days'), o.alerted
    from private.offboardings o where o.completed_at is null
    union all
    select null, i.id, 'incident', i.notify_by, 0, private.term_level(i.known_at, i.notify_by), i.alerted
    from private.incidents i
    where i.is_risk and i.closed_at is null and (i.authority_notified_at is null or i.people_notified_at is null)
$$;
revoke all on function private.legal_terms from public;

-- Open privacy requests of all tenants: how many, and seconds until the first deadline.
create function door.open_privacy_requests() returns table (open bigint, seconds_left double precision)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select count(*), extract(epoch from min(r.due_at) - now())::double precision
    from private.privacy_requests r where r.status in ('queued', 'running')
$$;
revoke all on function door.offboard_tenant, door.key_hashes, door.offboarding, door.open_privacy_requests from public;
grant execute on function door.offboard_tenant, door.key_hashes, door.offboarding, door.open_privacy_requests to mirante_api;

reset role;
