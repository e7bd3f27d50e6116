set local role mirante_views;

-- A tenant's shorter raw retention hides rows at once. They are emptied that night and leave with their chunk; a row without a
-- source was emptied.
create view app.events with (security_barrier) as
    select time, id, received_at, type, source, event_id, subject, outcome, duration_ms, bytes, data, attributes
    from private.events
    where tenant_id = (select private.current_tenant()) and source <> ''
        and time >= (select now() - make_interval(days => coalesce(raw_retention_days, 36500)) from app.tenant);
grant select on app.events to mirante_api, mirante_sql;

-- The same rows in the order of the key. With `order by` outside a security barrier, PostgreSQL sorts: an export would get its
-- first row only after the last one was read.
create view app.events_in_order with (security_barrier) as
    select time, id, received_at, type, source, event_id, subject, outcome, duration_ms, bytes, data, attributes
    from private.events
    where tenant_id = (select private.current_tenant()) and source <> ''
        and time >= (select now() - make_interval(days => coalesce(raw_retention_days, 36500)) from app.tenant)
    order by time, id;
grant select on app.events_in_order to mirante_api;

-- And newest first, for lists: a page of fifty reads fifty rows of the key's index, not all of the tenant's.
create view app.events_newest_first with (security_barrier) as
    select time, id, received_at, type, source, event_id, subject, outcome, duration_ms, bytes, data, attributes
    from private.events
    where tenant_id = (select private.current_tenant()) and source <> ''
        and time >= (select now() - make_interval(days => coalesce(raw_retention_days, 36500)) from app.tenant)
    order by time desc, id desc;
grant select on app.events_newest_first to mirante_api;

create view app.rule_hits with (security_barrier) as
    select time, id, rule, marketplace, hits
    from private.rule_hits
    where tenant_id = (select private.current_tenant())
        and time >= (select now() - make_interval(days => coalesce(raw_retention_days, 36500)) from app.tenant);
grant select on app.rule_hits to mirante_api, mirante_sql;

reset role;
