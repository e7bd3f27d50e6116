-- A tenant's members, and the visits of operators. Changes go through functions of `door`, because keys change with them.
set local role mirante_views;

create view app.members with (security_barrier) as
    select id, tenant_id, key_id, email, name, role, created_at, updated_at
    from private.members
    where tenant_id = (select private.current_tenant());
grant select on app.members to mirante_api;

create view app.support_access with (security_barrier) as
    select tenant_id, allowed_until
    from private.support_access
    where tenant_id = (select private.current_tenant()) and allowed_until > now();
grant select on app.support_access to mirante_api;

-- A visit that the time has ended, or the key of its operator, has ended too.
create view app.support_visits with (security_barrier) as
    select id, tenant_id, operator, stated_reason, created_at, ends_at, ended_at
    from private.support_visits
    where tenant_id = (select private.current_tenant());
grant select on app.support_visits to mirante_api;

reset role;
