-- Roles are created and dropped with the rights of mirante_logins, which can read no row. Its functions accept only names that no
-- role of Mirante's own has.
set local role mirante_owner;
grant usage, create on schema door to mirante_logins;
grant usage on schema storage to mirante_logins;
reset role;
set local role mirante_logins;

-- To end a role's sessions, see what they do and drop what the role owns, mirante_logins must be a member of it. On PostgreSQL 15
-- a customer can revoke that membership, so it is checked each time.
create function door.adopt_login(login text) returns void
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
begin
    if login !~ '^mirante_sql_[a-z0-9]{16}$' then
        raise exception 'This is not a login of a customer.' using errcode = 'invalid_parameter_value';
    end if;
    if not pg_has_role('mirante_logins', login, 'usage') then
        execute format('grant %I to mirante_logins', login);
    end if;
end
$$;

-- Takes the SCRAM verifier, never the password. The grants of mirante_sql define what a customer may do. The settings only guard
-- against accidents, because a session can change its own; door.end_sessions() enforces them anyway.
create function door.make_login(
    login text, verifier text, connection_limit integer, statement_timeout_seconds integer, expires_at timestamptz
) returns void
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
begin
    if login !~ '^mirante_sql_[a-z0-9]{16}$' or verifier !~ '^SCRAM-SHA-256\$' then
        raise exception 'This is not a login of a customer.' using errcode = 'invalid_parameter_value';
    end if;
    execute format('create role %I login inherit connection limit %s valid until %L password %L',
        login, connection_limit, coalesce(expires_at::text, 'infinity'), verifier);
    execute format('grant mirante_sql to %I', login);
    perform door.adopt_login(login);
    execute format('alter role %I set search_path = app, pg_catalog', login);
    execute format('alter role %I set default_transaction_read_only = on', login);
    execute format('alter role %I set statement_timeout = %L', login, statement_timeout_seconds * 1000);
    execute format('alter role %I set idle_in_transaction_session_timeout = ''60s''', login);
end
$$;

-- Locks the login out. False if a session has locked the role's own row, by an uncommitted change of its password: the sessions
-- have been told to end, and the next attempt finds the row free.
create function door.shut_login(login text) returns boolean
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp set lock_timeout = '1s'
    as $$
begin
    perform door.adopt_login(login);
    perform pg_terminate_backend(a.pid) from pg_stat_activity a where a.usename = login and a.backend_type = 'client backend'
        and exists (select from pg_locks k where k.pid = a.pid and k.locktype = 'transactionid' and k.granted);
    execute format('alter role %I nologin', login);
    return true;
exception when lock_not_available or internal_error then
    return false;
end
$$;

-- Does one step per call; the caller commits between them. `closing`: call it again. `ended`: its sessions have ended and it can
-- do nothing, but another database of the server depends on the role. `gone`: the role does not exist any more.
create function door.end_login(login text) returns text
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
    as $$
declare
    open boolean := (select r.rolcanlogin from pg_roles r where r.rolname = login);
    deadline timestamptz := clock_timestamp() + interval '5 seconds';
begin
    if login !~ '^mirante_sql_[a-z0-9]{16}$' then
        raise exception 'This is not a login of a customer.' using errcode = 'invalid_parameter_value';
    end if;
    if open is null then
        return 'gone';
    end if;
    if open and door.shut_login(login) then
        return 'closing';
    end if;
    perform door.adopt_login(login);
    -- All are told first, and waited for together.
    perform pg_terminate_backend(a.pid) from pg_stat_activity a where a.usename = login;
    perform pg_terminate_backend(a.pid, greatest(1, extract(epoch from deadline - clock_timestamp()) * 1000)::bigint)
        from pg_stat_activity a where a.usename = login;
    if open then
        return 'closing';
    end if;
    perform pg_stat_clear_snapshot();
    if exists (select from pg_stat_activity a where a.usename = login) then
        raise exception 'A session of % has not ended.', login using errcode = 'object_in_use';
    end if;
    perform storage.end_jobs(login);
    execute format('drop owned by %I', login);
    begin
        execute format('drop role %I', login);
    exception when dependent_objects_still_exist then
        execute format('revoke mirante_sql from %I', login);
        return 'ended';
    end;
    return 'gone';
end
$$;

-- Lets the jobs act as the role, to drop its objects in other databases. That ends with the role.
create function door.lend_login(login text) returns void
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
begin
    perform door.adopt_login(login);
    execute format('grant %I to mirante_jobs', login);
end
$$;
revoke all on function door.adopt_login, door.make_login, door.shut_login, door.end_login, door.lend_login from public;
grant execute on function door.adopt_login, door.make_login, door.shut_login, door.end_login, door.lend_login to mirante_owner;

reset role;
set local role mirante_owner;
revoke create on schema door from mirante_logins;

-- Maximum concurrent sessions of one tenant's logins, and of all tenants' logins. The rest are reserved for the platform.
create function door.session_limits() returns table (of_tenant integer, of_all integer)
    language sql stable
    set search_path = pg_catalog, pg_temp
    as $$
    select greatest(1, m.n / 10), greatest(1, m.n / 4) from (select current_setting('max_connections')::integer) m (n)
$$;

-- Null: the login was created. Otherwise it was not: returns how many sessions it could have had. The audit's own logins are not
-- counted.
create function door.create_sql_login(
    id uuid, tenant uuid, login text, name text, verifier text, connection_limit integer, statement_timeout_seconds integer,
    expires_at timestamptz
) returns integer
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
#variable_conflict use_variable
declare
    sessions_left integer;
begin
    perform storage.take_lock('sql logins');
    select greatest(0, least(m.of_tenant - coalesce(sum(l.connection_limit) filter (where l.tenant_id = tenant), 0),
        m.of_all - coalesce(sum(l.connection_limit), 0))) into sessions_left
    from door.session_limits() m
        left join (private.sql_logins l join private.tenants t on t.id = l.tenant_id and t.kind <> 'canary')
            on l.revoked_at is null and (l.expires_at is null or l.expires_at > now())
    group by m.of_tenant, m.of_all;
    if connection_limit > sessions_left and (select t.kind from private.tenants t where t.id = tenant) <> 'canary' then
        return sessions_left;
    end if;
    insert into private.sql_logins (id, tenant_id, login, name, connection_limit, statement_timeout_seconds, expires_at)
        values (id, tenant, login, name, connection_limit, statement_timeout_seconds, expires_at);
    perform door.make_login(login, verifier, connection_limit, statement_timeout_seconds, expires_at);
    return null;
end
$$;

create function door.sql_logins(tenant uuid, after_id uuid, page_size integer) returns setof private.sql_logins
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select * from private.sql_logins l
    where l.tenant_id = tenant and (after_id is null or l.id > after_id)
    order by l.id limit page_size
$$;

-- One step of ending a role, see door.end_login(). False: call it again.
create function door.drop_sql_login(login_name text) returns boolean
    language plpgsql
    set search_path = pg_catalog, pg_temp
    as $$
declare
    step text := door.end_login(login_name);
begin
    if step <> 'closing' then
        update private.sql_logins l set ended_at = coalesce(l.ended_at, now()) where l.login = login_name;
    end if;
    delete from private.roles_to_drop r where r.login = login_name and step = 'gone';
    return step <> 'closing';
end
$$;

-- One step of ending a login. The first one blinds it and records its role, whatever happens to the tenant or the later steps.
-- Null: the tenant has no such login. False: call it again.
create function door.revoke_sql_login(tenant uuid, login_id uuid) returns boolean
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
declare
    found_login private.sql_logins;
begin
    select * into found_login from private.sql_logins l where l.tenant_id = tenant and l.id = login_id for update;
    if found_login.id is null or found_login.ended_at is not null then
        return found_login.ended_at is not null or null;
    end if;
    if found_login.revoked_at is not null then
        return door.drop_sql_login(found_login.login);
    end if;
    update private.sql_logins l set revoked_at = now() where l.id = login_id;
    insert into private.roles_to_drop (login) values (found_login.login) on conflict do nothing;
    perform door.shut_login(found_login.login) where exists (select from pg_roles r where r.rolname = found_login.login);
    return false;
end
$$;
revoke all on function door.session_limits, door.create_sql_login, door.sql_logins, door.drop_sql_login, door.revoke_sql_login from public;
grant execute on function door.create_sql_login, door.sql_logins, door.revoke_sql_login to mirante_api;

reset role;
