-- Gate 1 of two: each view filters by the current tenant and is a security barrier. Gate 2 is row security on the table below it.
set local role mirante_views;

create view app.tenant with (security_barrier) as
    select id, slug, name, kind, country, timezone, locale, features, attributes, raw_retention_days
    from private.tenants
    where id = (select private.current_tenant());
grant select on app.tenant to mirante_api, mirante_sql;

reset role;
