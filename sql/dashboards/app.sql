-- A tenant's short links to dashboards. Holders of its embed keys create and delete them through this view.
set local role mirante_views;

create view app.dashboard_links with (security_barrier) as
    select id, tenant_id, key_id, dashboard, prefix, hash, params, created_at, expires_at
    from private.dashboard_links
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select, insert, delete on app.dashboard_links to mirante_api;

-- What the tenant noted on its charts.
create view app.annotations with (security_barrier) as
    select id, tenant_id, time, text, dashboard, created_at
    from private.annotations
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select, insert, delete on app.annotations to mirante_api;

-- Stars and saved views of the people of the tenant; each query names the key of one of them.
create view app.bookmarks with (security_barrier) as
    select id, tenant_id, key_id, dashboard, name, query, created_at
    from private.bookmarks
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select, insert, update, delete on app.bookmarks to mirante_api;

reset role;
