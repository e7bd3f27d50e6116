set local role mirante_owner;

-- The scopes of a member's key, by the member's role.
create or replace function private.scopes_of_role(role text) returns text[]
    language sql immutable
    set search_path = pg_catalog, pg_temp
    as $$
    select case role when 'operator' then array['admin'] when 'admin' then array['read', 'export', 'embed', 'tenant-admin']
        else array['read'] end
$$;
revoke all on function private.scopes_of_role from public;

-- Creates a member of the transaction's tenant, with a key that nobody knows. No row where the address is taken.
create function door.create_member(member uuid, key uuid, secret_hash bytea, email text, name text, role text) returns setof private.members
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
#variable_conflict use_column
declare
    tenant uuid := private.current_tenant();
begin
    if exists (select from private.members m where m.tenant_id = tenant and m.email = lower(create_member.email)) then
        return;
    end if;
    insert into private.api_keys (id, tenant_id, name, hash, prefix, scopes, holder)
        values (key, tenant, 'member ' || lower(create_member.email), secret_hash, 'member', private.scopes_of_role(create_member.role), 'member');
    return query insert into private.members (id, tenant_id, key_id, email, name, role)
        values (member, tenant, key, lower(create_member.email), create_member.name, create_member.role) returning *;
end
$$;

-- Changes what `change` names. A new role holds for the member's sessions within seconds.
create function door.update_member(member uuid, change jsonb) returns setof private.members
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
#variable_conflict use_column
declare
    found private.members;
begin
    update private.members m set
        name = case when change ? 'name' then change ->> 'name' else m.name end,
        role = coalesce(change ->> 'role', m.role),
        updated_at = now()
    where m.id = member and m.tenant_id = private.current_tenant()
    returning m.* into found;
    if found.id is null then
        return;
    end if;
    update private.api_keys k set scopes = private.scopes_of_role(found.role)
        where k.id = found.key_id and k.scopes <> private.scopes_of_role(found.role);
    return next found;
end
$$;

-- Deletes a member and revokes the key that the member's sessions act through, which ends them. Returns the key, or null.
create function door.delete_member(member uuid) returns uuid
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
declare
    key uuid;
begin
    delete from private.members m where m.id = member and m.tenant_id = private.current_tenant() returning m.key_id into key;
    update private.api_keys k set revoked_at = coalesce(k.revoked_at, now()) where k.id = key;
    delete from private.sessions s where s.key_id = key;
    delete from private.login_codes c where c.key_id = key;
    return key;
end
$$;

-- Whom a browser's cookie stands for, or no row. Notes that the session was used at most once a minute.
create function door.authenticate_web_session(session_hash bytea, idle interval) returns table (
    session_id uuid, session_expires_at timestamptz, key_id uuid, key_name text, scopes text[], expires_at timestamptz, tenant_id uuid,
    tenant_kind text, timezone text, locale text, limits jsonb, features jsonb, raw_retention_days integer, member jsonb, visit jsonb
)
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
    as $$
#variable_conflict use_column
begin
    update private.sessions s set seen_at = now()
        where s.hash = session_hash and s.expires_at > now() and s.seen_at > now() - idle and s.seen_at < now() - interval '1 minute';
    return query
        select s.id, s.expires_at, k.id, k.name, k.scopes, k.expires_at, t.id, t.kind, t.timezone, t.locale, t.limits, t.features,
            t.raw_retention_days,
            (select jsonb_build_object('id', m.id, 'email', m.email, 'name', m.name, 'role', m.role)
             from private.members m where m.key_id = k.id),
            (select jsonb_build_object('id', v.id, 'operator', v.operator, 'reason', v.stated_reason)
             from private.support_visits v where v.key_id = k.id)
        from private.sessions s join private.api_keys k on k.id = s.key_id join private.tenants t on t.id = s.tenant_id
        where s.hash = session_hash and s.expires_at > now() and s.seen_at > now() - idle
            and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
            and (k.holder <> 'visit' or private.is_visit_open(k.id));
end
$$;

-- Starts a session of a key of the transaction's tenant. Sessions that have ended leave with the next one.
create function door.start_web_session(session uuid, key uuid, session_hash bytea, from_address inet, from_agent text, until timestamptz, idle interval)
    returns void
    language sql security definer
    set search_path = pg_catalog, pg_temp
    as $$
    delete from private.sessions s
        where s.tenant_id = private.current_tenant() and (s.expires_at <= now() or s.seen_at <= now() - idle);
    insert into private.sessions (id, tenant_id, key_id, hash, address, agent, expires_at)
        select session, k.tenant_id, k.id, session_hash, from_address, from_agent, least(until, k.expires_at)
        from private.api_keys k where k.id = key and k.tenant_id = private.current_tenant();
$$;

-- The sessions of one key of the transaction's tenant, newest first.
create function door.web_sessions(key uuid, idle interval) returns table (
    id uuid, address text, agent text, created_at timestamptz, seen_at timestamptz, expires_at timestamptz
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select s.id, host(s.address), s.agent, s.created_at, s.seen_at, s.expires_at from private.sessions s
    where s.key_id = key and s.tenant_id = private.current_tenant() and s.expires_at > now() and s.seen_at > now() - idle
    order by s.created_at desc, s.id
$$;

-- Ends a session of a key of the transaction's tenant, and with it the visit of an operator. Returns the hash of its cookie, so that
-- caches can forget it.
create function door.end_web_session(session uuid, key uuid) returns bytea
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
declare
    ended bytea;
begin
    delete from private.sessions s where s.id = session and s.key_id = key and s.tenant_id = private.current_tenant()
        returning s.hash into ended;
    if ended is not null then
        perform private.end_visits((select array_agg(v.id) from private.support_visits v where v.key_id = key));
    end if;
    return ended;
end
$$;

-- Notes a one-time link for a key of the transaction's tenant.
create function door.create_login_code(code_hash bytea, key uuid, until timestamptz) returns void
    language sql security definer
    set search_path = pg_catalog, pg_temp
    as $$
    delete from private.login_codes c where c.tenant_id = private.current_tenant() and c.expires_at <= now();
    insert into private.login_codes (hash, tenant_id, key_id, expires_at)
        select code_hash, k.tenant_id, k.id, until from private.api_keys k where k.id = key and k.tenant_id = private.current_tenant();
$$;

-- Uses a one-time link up. Returns whose key it was for, or no row.
create function door.use_login_code(code_hash bytea) returns table (tenant_id uuid, key_id uuid, is_visit boolean)
    language sql security definer
    set search_path = pg_catalog, pg_temp
    as $$
    delete from private.login_codes c
    using private.api_keys k
    where c.hash = code_hash and c.expires_at > now() and k.id = c.key_id and k.revoked_at is null
        and (k.expires_at is null or k.expires_at > now())
    returning c.tenant_id, c.key_id, k.holder = 'visit'
$$;

-- Members of any tenant with an address: who may have a link sent to it.
create function door.members_by_email(address text) returns table (id uuid, tenant_id uuid, key_id uuid, tenant_name text, locale text)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select m.id, m.tenant_id, m.key_id, t.name, t.locale from private.members m join private.tenants t on t.id = m.tenant_id
    where m.email = lower(address) and t.offboarding_at is null order by t.name
$$;

-- Records a refused sign-in, for the operator.
create function door.note_refused_login(from_address text) returns void
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
begin
    perform private.append_audit(t.id, 'session.refused', from_address, '{}', jsonb_build_object('address', from_address))
        from private.tenants t where t.kind = 'operations';
end
$$;

revoke all on function door.create_member, door.update_member, door.delete_member, door.authenticate_web_session, door.start_web_session,
    door.web_sessions, door.end_web_session, door.create_login_code, door.use_login_code, door.members_by_email, door.note_refused_login from public;
grant execute on function door.create_member, door.update_member, door.delete_member, door.authenticate_web_session, door.start_web_session,
    door.web_sessions, door.end_web_session, door.create_login_code, door.use_login_code, door.members_by_email, door.note_refused_login
    to mirante_api;

reset role;
