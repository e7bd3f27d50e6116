set local role mirante_views;

-- Without `seq` and `hash`: they would reveal how much happens at other tenants.
create view app.audit_log with (security_barrier) as
    select at, actor, action, target, details
    from private.audit_log
    where tenant_id = (select private.current_tenant());
grant select on app.audit_log to mirante_api;

reset role;
