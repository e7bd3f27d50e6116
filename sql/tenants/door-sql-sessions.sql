-- Customer sessions: what they do, and how they are ended. These functions check what a session does, whatever its settings.
set local role mirante_owner;
grant usage, create on schema door to mirante_logins;
reset role;
set local role mirante_logins;

-- PostgreSQL shows a session's activity to its own role and to members of it. mirante_logins is one.
create function door.login_sessions() returns table (
    pid integer, login text, database text, started timestamptz, state text, state_since timestamptz, statement_since timestamptz,
    transaction_since timestamptz, has_number boolean, has_advisory_lock boolean
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select a.pid, a.usename, a.datname, a.backend_start, a.state, a.state_change, a.query_start, a.xact_start,
        a.backend_xid is not null, exists (select from pg_locks k where k.pid = a.pid and k.locktype = 'advisory' and k.granted)
    from pg_stat_activity a where a.usename ~ '^mirante_sql_[a-z0-9]{16}$'
$$;

-- False if that login has no such session.
create function door.end_session(session integer, login text) returns boolean
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
begin
    perform door.adopt_login(login);
    return coalesce((select pg_terminate_backend(a.pid) from pg_stat_activity a where a.pid = session and a.usename = login), false);
end
$$;
revoke all on function door.login_sessions, door.end_session from public;
grant execute on function door.login_sessions, door.end_session to mirante_owner;

reset role;
set local role mirante_owner;
revoke create on schema door from mirante_logins;

-- Ends customer sessions that block this one's lock, and returns their logins.
create function door.end_blockers(waiting integer) returns setof text
    language sql
    set search_path = pg_catalog, pg_temp
    as $$
    select s.login from door.login_sessions() s
    where case when s.pid = any (pg_blocking_pids(waiting)) then door.end_session(s.pid, s.login) end
$$;

-- Ends sessions of this database's logins that exceed a limit, and returns the reasons. A session exceeds a limit if it is in
-- another database, if its login has ended, if its transaction has a transaction id (it has nothing to write, and old ids keep
-- dead rows of all tables), if it holds an advisory lock, if it is idle in a transaction for `idle`, if a statement runs longer
-- than the login's limit or a transaction longer than both, or if it is one more session than its tenant or all tenants may have.
-- `grace` tolerates states that last only a moment.
create function door.end_sessions(idle interval, grace interval) returns table (login text, tenant uuid, database text, reason text)
    language sql
    set search_path = pg_catalog, pg_temp
    as $$
    with counted as (
        select s.*, l.tenant_id, make_interval(secs => l.statement_timeout_seconds) as patience,
            d.login is not null or l.expires_at <= now() as is_over,
            -- Of the audit of the isolation, which takes its time on a busy machine.
            t.kind = 'canary' as is_ours,
            row_number() over (partition by l.tenant_id order by s.started, s.pid) as nth
        from door.login_sessions() s
            left join private.sql_logins l on l.login = s.login
            left join private.tenants t on t.id = l.tenant_id
            left join private.roles_to_drop d on d.login = s.login
        where l.login is not null or d.login is not null
    ), ranked as (
        -- Those with the most sessions lose theirs first.
        select c.*, row_number() over (order by c.nth, c.started, c.pid) as nth_of_all from counted c
    ), judged as (
        select r.*, case
            when r.is_over then 'the login has ended'
            when r.is_ours then null
            when r.database <> current_database() then 'connected to another database'
            when r.has_advisory_lock and r.started < now() - grace then 'holds an advisory lock'
            when r.has_number and r.transaction_since < now() - grace then 'a transaction that writes'
            when r.state like 'idle in transaction%' and r.state_since < now() - idle then 'idle in a transaction'
            when r.state in ('active', 'fastpath function call') and r.statement_since < now() - r.patience - grace then 'a statement beyond its limit'
            when r.transaction_since < now() - r.patience - idle - grace then 'a transaction beyond its limit'
            when r.nth > m.of_tenant then 'more sessions than a tenant may have'
            when r.nth_of_all > m.of_all then 'more sessions than all tenants may have'
        end as reason
        from ranked r, door.session_limits() m
    )
    select j.login, j.tenant_id, j.database, j.reason from judged j
    where case when j.reason is not null then door.end_session(j.pid, j.login) end
$$;
revoke all on function door.end_blockers, door.end_sessions from public;

reset role;
