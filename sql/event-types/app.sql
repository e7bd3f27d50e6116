set local role mirante_views;

create view app.event_types with (security_barrier) as
    select tenant_id, type, version, schema, mode, description, created_at, personal_fields, subject, processing
    from private.event_types
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select, insert on app.event_types to mirante_api;
grant select on app.event_types to mirante_sql;

reset role;
