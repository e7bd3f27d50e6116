set local role mirante_views;

create view app.benchmark_consents with (security_barrier) as
    select id, tenant_id, accepted, text_version, at
    from private.benchmark_consents
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select, insert on app.benchmark_consents to mirante_api;

reset role;
