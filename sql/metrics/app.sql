set local role mirante_views;

-- Without restatements of a refresh that has not finished.
create view app.restatements with (security_barrier) as
    select id, rollup, service, bucket, before, after, restated_at
    from private.restatements
    where tenant_id = (select private.current_tenant()) and after is not null;
grant select on app.restatements to mirante_api, mirante_sql;

create view app.events_hourly with (security_barrier) as
    select bucket, type, outcome, route, events, bytes
    from private.events_hourly where tenant_id = (select private.current_tenant());
create view app.events_daily with (security_barrier) as
    select bucket, type, outcome, route, events, bytes
    from private.events_daily where tenant_id = (select private.current_tenant());
create view app.latency_hourly with (security_barrier) as
    select bucket, type, route, bin, events
    from private.latency_hourly where tenant_id = (select private.current_tenant());
create view app.latency_daily with (security_barrier) as
    select bucket, type, route, bin, events
    from private.latency_daily where tenant_id = (select private.current_tenant());
create view app.validations_hourly with (security_barrier) as
    select bucket, marketplace, outcome, validations, rows, errors, warnings
    from private.validations_hourly where tenant_id = (select private.current_tenant());
create view app.validations_daily with (security_barrier) as
    select bucket, marketplace, outcome, validations, rows, errors, warnings
    from private.validations_daily where tenant_id = (select private.current_tenant());
create view app.rules_hourly with (security_barrier) as
    select bucket, marketplace, rule, hits, validations
    from private.rules_hourly where tenant_id = (select private.current_tenant());
create view app.rules_daily with (security_barrier) as
    select bucket, marketplace, rule, hits, validations
    from private.rules_daily where tenant_id = (select private.current_tenant());
create view app.corrections_hourly with (security_barrier) as
    select bucket, marketplace, rule, corrections, rows
    from private.corrections_hourly where tenant_id = (select private.current_tenant());
create view app.corrections_daily with (security_barrier) as
    select bucket, marketplace, rule, corrections, rows
    from private.corrections_daily where tenant_id = (select private.current_tenant());
grant select on app.events_hourly, app.events_daily, app.latency_hourly, app.latency_daily, app.validations_hourly,
    app.validations_daily, app.rules_hourly, app.rules_daily, app.corrections_hourly, app.corrections_daily to mirante_api,
    mirante_sql;

reset role;
set local role mirante_owner;
grant select on storage.rollups to mirante_views;
reset role;

-- Creates app.read_events() and its like: the rows of a window, from the coarser roll-up where whole days allow it. They read the
-- views above with the rights of their caller, so gate 1 applies in them. No login calls them; the functions of bi do.
set local role mirante_views;
select storage.make_readers('app');

reset role;
