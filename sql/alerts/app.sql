-- A tenant's alert rules and endpoints, which its administrators change through these views, and their states and deliveries.
set local role mirante_views;

create view app.alert_rules with (security_barrier) as
    select id, tenant_id, name, enabled, metric, filter, condition, threshold, window_seconds, for_seconds, cool_down_seconds, no_data,
        notify, created_at, updated_at
    from private.alert_rules
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select, insert, update, delete on app.alert_rules to mirante_api;

create view app.alert_endpoints with (security_barrier) as
    select id, tenant_id, kind, target, description, secret_version, old_secret_until, disabled_at, created_at
    from private.alert_endpoints
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select, insert, update, delete on app.alert_endpoints to mirante_api;

create view app.alert_states with (security_barrier) as
    select tenant_id, rule_id, state, since, value, evaluated_at
    from private.alert_states
    where tenant_id = (select private.current_tenant());
grant select on app.alert_states to mirante_api;

create view app.alert_deliveries with (security_barrier) as
    select id, tenant_id, rule_id, endpoint_id, type, message, status, attempts, created_at, due_at, ended_at, response_code, error
    from private.alert_deliveries
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select, insert on app.alert_deliveries to mirante_api;

reset role;
