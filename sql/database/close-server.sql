-- Closes to customer SQL logins what only a superuser can close. Run it with psql or closeServer() in each database of a
-- dedicated server; running it again changes nothing. docs/security.md lists what stays open without it.

-- Nobody connects to a database that is not Mirante's. Mirante's own has its own grants.
do $$
begin
    execute format('revoke connect, temporary on database %I from public', current_database());
end
$$;

-- Large objects are all that a login without rights can create, and they could fill the disk. Mirante uses none.
revoke execute on function lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) from public;

-- Objects that customers left in other databases would keep their logins from being dropped.
do $$
declare
    login name;
begin
    if to_regclass('private.sql_logins') is null then
        for login in select r.rolname from pg_roles r where r.rolname ~ '^mirante_sql_[a-z0-9]{16}$' loop
            execute format('drop owned by %I', login);
        end loop;
    end if;
end
$$;

-- All logins of a database share one space of advisory locks. Only the database's owner, who migrates, and the queues may use it.
do $$
declare
    lock regprocedure;
    holder name;
begin
    for lock in select p.oid from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace and p.proname ~ '^pg_(try_)?advisory_' loop
        execute format('revoke execute on function %s from public', lock);
        for holder in
            select d.datdba::regrole::name from pg_database d where d.datname = current_database()
            union all
            select r.rolname from pg_roles r where r.rolname = 'mirante_queue'
        loop
            execute format('grant execute on function %s to %I with grant option', lock, holder);
        end loop;
    end loop;
end
$$;
