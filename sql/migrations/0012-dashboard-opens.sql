set local role mirante_owner;

create table private.dashboard_opens (
    tenant_id  uuid     not null references private.tenants on delete cascade,
    day        date     not null,
    dashboard  text     not null check (dashboard ~ '^[a-z][a-z0-9-]{0,49}$'),
    surface    text     not null check (surface in ('mirante', 'metabase', 'api')),
    opens      integer  not null,
    primary key (tenant_id, day, dashboard, surface)
);
comment on table private.dashboard_opens is 'How often each dashboard was opened on each day (UTC), and where it was drawn. Counts alone: never who opened it.';
-- What operations reads is all tenants' days of a window.
create index on private.dashboard_opens (day);
select storage.protect('private.dashboard_opens');

reset role;
