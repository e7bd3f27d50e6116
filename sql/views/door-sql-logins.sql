-- Roles are made and ended with the rights of mirante_logins, which can reach no row; both functions take such names only
-- as no role of Mirante's own has.
set local role mirante_owner;
grant usage, create on schema door to mirante_logins;
grant usage on schema storage to mirante_logins;
reset role;
set local role mirante_logins;

-- Gets the SCRAM verifier, never the password. What a customer may do is what mirante_sql was granted; the settings are for
-- accidents, because a session can change its own.
create function door.make_login(
    login text, verifier text, connection_limit integer, statement_timeout_seconds integer, expires_at timestamptz
) returns void
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
begin
    if login !~ '^mirante_sql_[a-z0-9]{16}$' or verifier !~ '^SCRAM-SHA-256\$' then
        raise exception 'not a login of a customer' using errcode = 'invalid_parameter_value';
    end if;
    execute format('create role %I login inherit connection limit %s valid until %L password %L',
        login, connection_limit, coalesce(expires_at::text, 'infinity'), verifier);
    execute format('grant mirante_sql to %I', login);
    execute format('alter role %I set search_path = app, pg_catalog', login);
    execute format('alter role %I set default_transaction_read_only = on', login);
    execute format('alter role %I set statement_timeout = %L', login, statement_timeout_seconds * 1000);
    execute format('alter role %I set idle_in_transaction_session_timeout = ''60s''', login);
end
$$;

-- One step at each call, and the caller commits between them: first no new session can begin, then those that are there end
-- and the role is dropped. False: call it again.
create function door.end_login(login text) returns boolean
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
declare
    open boolean := (select r.rolcanlogin from pg_roles r where r.rolname = login);
begin
    if login !~ '^mirante_sql_[a-z0-9]{16}$' then
        raise exception 'not a login of a customer' using errcode = 'invalid_parameter_value';
    end if;
    if open then
        execute format('alter role %I nologin', login);
        return false;
    end if;
    if open is not null then
        -- Ending sessions and dropping what a role owns (a large object is all it can make) takes its own rights.
        execute format('grant %I to mirante_logins', login);
        perform pg_terminate_backend(a.pid, 5000) from pg_stat_activity a where a.usename = login;
        perform storage.end_jobs(login);
        execute format('drop owned by %I', login);
        execute format('drop role %I', login);
    end if;
    return true;
end
$$;
revoke all on function door.make_login, door.end_login from public;
grant execute on function door.make_login, door.end_login to mirante_owner;

reset role;
set local role mirante_owner;
revoke all on schema door from mirante_logins;

create function door.create_sql_login(
    id uuid, tenant uuid, login text, name text, verifier text, connection_limit integer, statement_timeout_seconds integer,
    expires_at timestamptz
) returns void
    language sql security definer
    set search_path = pg_catalog, pg_temp
    as $$
    insert into private.sql_logins (id, tenant_id, login, name, connection_limit, statement_timeout_seconds, expires_at)
        values (id, tenant, login, name, connection_limit, statement_timeout_seconds, expires_at);
    select door.make_login(login, verifier, connection_limit, statement_timeout_seconds, expires_at);
$$;

create function door.sql_logins(tenant uuid, after_id uuid, page_size integer) returns setof private.sql_logins
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select * from private.sql_logins l
    where l.tenant_id = tenant and (after_id is null or l.id > after_id)
    order by l.id limit page_size
$$;

-- One step of ending a login, see door.end_login(); blind from the first on. Null: the tenant has no such login.
create function door.revoke_sql_login(tenant uuid, login_id uuid) returns boolean
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
declare
    gone boolean;
begin
    update private.sql_logins l set revoked_at = coalesce(l.revoked_at, now())
        where l.tenant_id = tenant and l.id = login_id
        returning l.ended_at is not null or door.end_login(l.login) into gone;
    if gone then
        update private.sql_logins l set ended_at = coalesce(l.ended_at, now()) where l.id = login_id;
    end if;
    return gone;
end
$$;
revoke all on function door.create_sql_login, door.sql_logins, door.revoke_sql_login from public;
grant execute on function door.create_sql_login, door.sql_logins, door.revoke_sql_login to mirante_api;

reset role;
