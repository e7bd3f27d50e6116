-- A tenant's members. Changes go through functions of `door`, because a member's key changes with the member.
set local role mirante_views;

create view app.members with (security_barrier) as
    select id, tenant_id, key_id, email, name, role, created_at, updated_at
    from private.members
    where tenant_id = (select private.current_tenant());
grant select on app.members to mirante_api;

reset role;
