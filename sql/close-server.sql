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
