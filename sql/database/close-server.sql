-- What only a superuser can close to SQL logins of customers. To be run, by psql or closeServer(), in each database of a server that is
-- Mirante's own; again: no change. docs/security.md says what stays open without it.

-- A database that is not Mirante's is nobody's business. Mirante's own says itself who may connect.
do $$
begin
    execute format('revoke connect, temporary on database %I from public', current_database());
end
$$;

-- Large objects are all that a login without rights can make, and would fill the disk. Mirante makes none.
revoke execute on function lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) from public;

-- What customers have left from before, where they have no business, keeps their logins from being removed.
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

-- Advisory locks are one space for all logins of a database: left to the database's owner, who migrates, and to the queues.
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
