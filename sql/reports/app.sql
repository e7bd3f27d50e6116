-- A tenant's counts of channels, its connectors and its performance reports.
set local role mirante_views;

create view app.channel_counts with (security_barrier) as
    select id, tenant_id, service, period, revision, online, paper, phone, other, assisted_digital, costs, source, import_id, recorded_at
    from private.channel_counts
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select, insert on app.channel_counts to mirante_api;

create view app.channel_connectors with (security_barrier) as
    select tenant_id, service, url, secret, mapping, schedule, day, first_period, enabled, state, error, detail, attempts, tried_at,
        fetched_at, fetched_period, due_at, created_at, updated_at
    from private.channel_connectors
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select, insert, update, delete on app.channel_connectors to mirante_api;

-- Reports are published and withdrawn by functions of `door`, because a revision is numbered there.
create view app.performance_reports with (security_barrier) as
    select id, tenant_id, service, period, assisted_digital, cause, publish, notify, status, error, attempts, requested_at, due_at, completed_at,
        measures, method, missing, revision, published_at, withdrawn_at, changes
    from private.performance_reports
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select, insert on app.performance_reports to mirante_api;

reset role;
