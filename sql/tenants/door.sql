set local role mirante_owner;

-- The permissions of a key, or no row. Records its use at most once a minute.
create function door.authenticate(key_hash bytea) returns table (
    key_id uuid, key_name text, scopes text[], expires_at timestamptz, tenant_id uuid, tenant_kind text, timezone text, locale text,
    limits jsonb, features jsonb, raw_retention_days integer
)
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
    as $$
#variable_conflict use_column
begin
    update private.api_keys k set last_used_at = now()
        where k.hash = key_hash and (k.last_used_at is null or k.last_used_at < now() - interval '1 minute');
    return query
        select k.id, k.name, k.scopes, k.expires_at, t.id, t.kind, t.timezone, t.locale, t.limits, t.features,
            t.raw_retention_days
        from private.api_keys k join private.tenants t on t.id = k.tenant_id
        where k.hash = key_hash and k.revoked_at is null and (k.expires_at is null or k.expires_at > now());
end
$$;

create function door.create_tenant(
    id uuid, slug text, name text, kind text, country text, timezone text, locale text, features jsonb, attributes jsonb,
    limits jsonb, raw_retention_days integer, embed_origins text[]
) returns setof private.tenants
    language sql security definer
    set search_path = pg_catalog, pg_temp
    as $$
    insert into private.tenants (
        id, slug, name, kind, country, timezone, locale, features, attributes, limits, raw_retention_days, embed_origins
    )
    values (id, slug, name, kind, country, timezone, locale, features, attributes, limits, raw_retention_days, embed_origins)
    on conflict do nothing
    returning *
$$;

-- Changes the fields that `change` names and leaves the rest.
create function door.update_tenant(tenant uuid, change jsonb) returns setof private.tenants
    language sql security definer
    set search_path = pg_catalog, pg_temp
    as $$
    update private.tenants t set
        name = coalesce(change ->> 'name', t.name),
        country = case when change ? 'country' then change ->> 'country' else t.country end,
        timezone = coalesce(change ->> 'timezone', t.timezone),
        locale = coalesce(change ->> 'locale', t.locale),
        features = t.features || coalesce(change -> 'features', '{}'),
        attributes = coalesce(change -> 'attributes', t.attributes),
        limits = t.limits || coalesce(change -> 'limits', '{}'),
        raw_retention_days = case when change ? 'raw_retention_days' then (change ->> 'raw_retention_days')::integer
            else t.raw_retention_days end,
        embed_origins = case when change ? 'embed_origins'
            then array(select jsonb_array_elements_text(change -> 'embed_origins')) else t.embed_origins end,
        updated_at = now()
    where t.id = tenant
    returning *
$$;

-- Tenants in order of their id, one or a page, without any data that they sent.
create function door.tenants(only_id uuid, after_id uuid, page_size integer) returns setof private.tenants
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select * from private.tenants t
    where (only_id is null or t.id = only_id) and (after_id is null or t.id > after_id)
    order by t.id limit page_size
$$;

-- The tenant whose dashboard a viewer sees. No row once the key that created the embed is revoked or has expired.
create function door.tenant_of_key(tenant uuid, key uuid) returns setof private.tenants
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select t.* from private.tenants t join private.api_keys k on k.tenant_id = t.id
    where t.id = tenant and k.id = key and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
$$;

create function door.create_key(
    id uuid, tenant uuid, name text, hash bytea, prefix text, scopes text[], expires_at timestamptz
) returns void
    language sql security definer
    set search_path = pg_catalog, pg_temp
    as $$
    insert into private.api_keys (id, tenant_id, name, hash, prefix, scopes, expires_at)
    values (id, tenant, name, hash, prefix, scopes, expires_at)
$$;

-- Keys of programs; those of members are theirs alone.
create function door.keys(tenant uuid, after_id uuid, page_size integer) returns table (
    id uuid, name text, prefix text, scopes text[], created_at timestamptz, expires_at timestamptz, revoked_at timestamptz,
    last_used_at timestamptz
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select k.id, k.name, k.prefix, k.scopes, k.created_at, k.expires_at, k.revoked_at, k.last_used_at
    from private.api_keys k
    where k.tenant_id = tenant and k.holder = 'program' and (after_id is null or k.id > after_id)
    order by k.id limit page_size
$$;

-- Returns the hash, so that the process that revokes the key can forget it at once.
create function door.revoke_key(tenant uuid, key uuid) returns bytea
    language sql security definer
    set search_path = pg_catalog, pg_temp
    as $$
    update private.api_keys k set revoked_at = coalesce(k.revoked_at, now())
    where k.tenant_id = tenant and k.id = key and k.holder = 'program'
    returning k.hash
$$;

-- The platform's own tenant, created on first use, and the key under which the API records its own requests. The key's hash is
-- random, so nobody holds that key.
create function door.operations(new_tenant_id uuid, new_key_id uuid) returns table (tenant_id uuid, telemetry_key_id uuid)
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
#variable_conflict use_column
declare
    operations uuid;
begin
    insert into private.tenants (id, slug, name, kind)
        values (new_tenant_id, 'operations', 'Operations', 'operations') on conflict (slug) do nothing;
    select id into operations from private.tenants where slug = 'operations' and kind = 'operations' for update;
    insert into private.api_keys (id, tenant_id, name, hash, prefix, scopes)
        select new_key_id, operations, 'mirante', sha256(uuid_send(gen_random_uuid())), 'none', array['ingest']
        where not exists (select from private.api_keys where tenant_id = operations and prefix = 'none');
    return query select k.tenant_id, k.id from private.api_keys k where k.tenant_id = operations and k.prefix = 'none';
end
$$;

revoke all on function door.authenticate, door.create_tenant, door.update_tenant, door.tenants, door.tenant_of_key, door.create_key,
    door.keys, door.revoke_key, door.operations from public;
grant execute on function door.authenticate, door.create_tenant, door.update_tenant, door.tenants, door.tenant_of_key, door.create_key,
    door.keys, door.revoke_key, door.operations to mirante_api;

reset role;
