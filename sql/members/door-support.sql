-- Support access: the tenant's switch, and visits of operators, who look at the tenant's pages as its viewer.
set local role mirante_owner;

-- Whether the key of a visit may be used: the visit has not ended, the tenant allows it still, and so does the operator's own key.
create or replace function private.is_visit_open(visit_key uuid) returns boolean
    language sql stable
    set search_path = pg_catalog, pg_temp
    as $$
    select exists (
        select from private.support_visits v
            join private.support_access a on a.tenant_id = v.tenant_id and a.allowed_until > now()
            join private.api_keys o on o.id = v.operator_key
        where v.key_id = visit_key and v.ended_at is null and v.ends_at > now()
            and 'admin' = any (o.scopes) and o.revoked_at is null and (o.expires_at is null or o.expires_at > now())
    )
$$;
revoke all on function private.is_visit_open from public;

-- Ends visits, with their keys, links and sessions. Returns the hashes of their cookies, so that caches can forget them.
create or replace function private.end_visits(visits uuid[]) returns bytea[]
    language plpgsql
    set search_path = pg_catalog, pg_temp
    as $$
declare
    keys uuid[];
    hashes bytea[];
begin
    with ended as (
        update private.support_visits v set ended_at = now() where v.id = any (visits) and v.ended_at is null returning v.key_id
    )
    select array_agg(key_id) into keys from ended;
    update private.api_keys k set revoked_at = now() where k.id = any (keys) and k.revoked_at is null;
    delete from private.login_codes c where c.key_id = any (keys);
    with gone as (delete from private.sessions s where s.key_id = any (keys) returning s.hash)
    select array_agg(hash) into hashes from gone;
    return coalesce(hashes, '{}');
end
$$;
revoke all on function private.end_visits from public;

-- Allows support access to the transaction's tenant until a time.
create function door.allow_support(until timestamptz) returns void
    language sql security definer
    set search_path = pg_catalog, pg_temp
    as $$
    insert into private.support_access (tenant_id, allowed_until) values (private.current_tenant(), until)
        on conflict (tenant_id) do update set allowed_until = excluded.allowed_until
$$;

-- Ends support access to the transaction's tenant, and every visit. Returns the hashes of the visits' cookies.
create function door.end_support() returns bytea[]
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
declare
    tenant uuid := private.current_tenant();
begin
    delete from private.support_access a where a.tenant_id = tenant;
    return private.end_visits((select array_agg(v.id) from private.support_visits v
        where v.tenant_id = tenant and v.ended_at is null and v.ends_at > now()));
end
$$;

-- Starts a visit to the transaction's tenant, with a key that nobody knows. No row where the tenant does not allow it, or where the
-- key is no operator's. It lasts as long as the tenant's switch at most.
create function door.start_visit(visit uuid, key uuid, secret_hash bytea, by_key uuid, reason text, until timestamptz)
    returns setof private.support_visits
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
#variable_conflict use_column
declare
    tenant uuid := private.current_tenant();
    visitor text;
    ends timestamptz;
begin
    select least(until, a.allowed_until), coalesce(m.email, o.name) into ends, visitor
        from private.support_access a join private.api_keys o on o.id = by_key and 'admin' = any (o.scopes) and o.revoked_at is null
            left join private.members m on m.key_id = o.id
        where a.tenant_id = tenant and a.allowed_until > now();
    if visitor is null then
        return;
    end if;
    insert into private.api_keys (id, tenant_id, name, hash, prefix, scopes, expires_at, holder)
        values (key, tenant, 'visit of ' || visitor, secret_hash, 'visit', array['read'], ends, 'visit');
    return query insert into private.support_visits (id, tenant_id, key_id, operator_key, operator, stated_reason, ends_at)
        values (visit, tenant, key, by_key, visitor, start_visit.reason, ends) returning *;
end
$$;

-- Ends a visit to the transaction's tenant. Returns the hashes of its cookies; null where there is no such visit, or it has ended.
create function door.end_visit(visit uuid) returns bytea[]
    language sql security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select private.end_visits(array[v.id]) from private.support_visits v
    where v.id = visit and v.tenant_id = private.current_tenant() and v.ended_at is null and v.ends_at > now()
$$;

revoke all on function door.allow_support, door.end_support, door.start_visit, door.end_visit from public;
grant execute on function door.allow_support, door.end_support, door.start_visit, door.end_visit to mirante_api;

reset role;
