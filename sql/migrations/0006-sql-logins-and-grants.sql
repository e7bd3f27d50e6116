set local role mirante_owner;

alter table private.tenants add column offboarding_at timestamptz;
comment on column private.tenants.offboarding_at is 'Since when the tenant is being removed: its keys and logins are closed, no other is made.';

create table private.sql_logins (
    id                         uuid        primary key,
    tenant_id                  uuid        not null references private.tenants on delete restrict,
    login                      text        not null unique check (login ~ '^mirante_sql_[a-z0-9]{16}$'),
    name                       text        not null,
    connection_limit           integer     not null,
    statement_timeout_seconds  integer     not null,
    created_at                 timestamptz not null default now(),
    expires_at                 timestamptz,
    revoked_at                 timestamptz,
    ended_at                   timestamptz
);
comment on table private.sql_logins is 'PostgreSQL logins of customers. revoked_at: closed to new sessions and blind; ended_at: its sessions are over and the role is dropped.';
create index on private.sql_logins (tenant_id, id);
select storage.protect('private.sql_logins');

-- The tenant of whoever runs the statement. A customer's login is one tenant, whatever it sets, because nothing changes
-- `session_user`; a setting proves a tenant only for the two logins whose SQL text is Mirante's own. Everybody else is nobody.
-- Each gate of each statement asks; as a function in SQL, its query was planned anew every time (0.4 ms instead of 0.01).
create or replace function private.current_tenant() returns uuid
    language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
begin
    if session_user in ('mirante_api', 'mirante_metabase') then
        return nullif(current_setting('app.tenant_id', true), '')::uuid;
    end if;
    return (
        select l.tenant_id
        from private.sql_logins l join private.tenants t on t.id = l.tenant_id
        where l.login = session_user and l.revoked_at is null and (l.expires_at is null or l.expires_at > now())
            and t.features -> 'sql_access' is distinct from 'false'
    );
end
$$;

-- HMAC-SHA-256 (RFC 2104) from the two padded keys that grant_secrets holds, because pgcrypto is not on every server.
create function private.hmac(inner_pad bytea, outer_pad bytea, message text) returns bytea
    language sql immutable strict parallel safe
    as $$
    select sha256(outer_pad || sha256(inner_pad || convert_to(message, 'UTF8')))
$$;

create table private.grant_secrets (
    id          text        primary key,
    inner_pad   bytea       not null,
    outer_pad   bytea       not null,
    created_at  timestamptz not null default clock_timestamp()
);
comment on table private.grant_secrets is 'What grants are signed with: the newest signs, the one before is still taken, none is older.';

-- A new secret; of those that were there, only the newest stays valid.
create function private.rotate_grant_secret() returns text
    language plpgsql
    as $$
declare
    key bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
    inner_pad bytea := decode(repeat('36', 64), 'hex');
    outer_pad bytea := decode(repeat('5c', 64), 'hex');
    id text := substr(encode(sha256(uuid_send(gen_random_uuid())), 'hex'), 1, 8);
begin
    lock table private.grant_secrets in exclusive mode;
    delete from private.grant_secrets s
        where s.id is distinct from (select n.id from private.grant_secrets n order by n.created_at desc limit 1);
    for i in 0..31 loop
        inner_pad := set_byte(inner_pad, i, get_byte(inner_pad, i) # get_byte(key, i));
        outer_pad := set_byte(outer_pad, i, get_byte(outer_pad, i) # get_byte(key, i));
    end loop;
    insert into private.grant_secrets values (id, inner_pad, outer_pad);
    return id;
end
$$;
revoke all on function private.rotate_grant_secret() from public;
select private.rotate_grant_secret();

-- Checks a grant, `v1.<secret id>.<tenant>.<expiry>.<HMAC>`, and makes its tenant the current one; gives who was before, to be
-- put back. Whatever is wrong is an error, never an empty answer. Two digests are compared, so that the time it takes says
-- nothing of the signature.
create function private.open_grant(tenant_grant text) returns text
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
declare
    parts text[] := string_to_array(tenant_grant, '.');
    signature bytea;
    before text := coalesce(current_setting('app.tenant_id', true), '');
begin
    if tenant_grant ~ '^v1\.[0-9a-f]{8}\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[0-9]{10}\.[0-9a-f]{64}$' then
        select private.hmac(s.inner_pad, s.outer_pad, array_to_string(parts[1:4], '.')) into signature
            from private.grant_secrets s where s.id = parts[2];
    end if;
    if signature is null or sha256(signature) <> sha256(decode(parts[5], 'hex'))
        or not exists (select from private.tenants t where t.id = parts[3]::uuid and t.offboarding_at is null) then
        raise exception 'invalid grant' using errcode = 'invalid_authorization_specification';
    end if;
    if to_timestamp(parts[4]::bigint) <= clock_timestamp() then
        raise exception 'the grant has expired' using errcode = 'invalid_authorization_specification';
    end if;
    perform set_config('app.tenant_id', parts[3], true);
    return before;
end
$$;
revoke all on function private.open_grant(text) from public;
grant execute on function private.open_grant(text) to mirante_views;

-- The value of a bin of private.latency_bin, within 2 % of all that it holds.
create function private.latency_of(bin smallint) returns double precision
    language sql immutable strict parallel safe
    as $$
    select case when bin = -32768 then 0 else least(exp(bin * ln(1.04::double precision) + ln(2 / 2.04::double precision)), 1.7e308) end
$$;
grant execute on function private.latency_of(smallint) to mirante_views;

reset role;
