-- A tenant's short links to dashboards. Holders of its embed keys create and delete them through this view.
set local role mirante_views;

create view app.dashboard_links with (security_barrier) as
    select id, tenant_id, key_id, dashboard, prefix, hash, params, created_at, expires_at
    from private.dashboard_links
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select, insert, delete on app.dashboard_links to mirante_api;

reset role;
