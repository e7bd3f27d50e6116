set local role mirante_owner;

create table private.annotations (
    id          uuid         primary key,
    tenant_id   uuid         not null references private.tenants on delete cascade,
    time        timestamptz  not null,
    text        text         not null,
    dashboard   text,
    created_at  timestamptz  not null default now()
);
comment on table private.annotations is 'What a tenant noted of a moment, such as a release or an incident: a mark on its charts of times.';
comment on column private.annotations.dashboard is 'The one dashboard that shows it; null: all of them.';
create index on private.annotations (tenant_id, id);
select storage.protect('private.annotations');
grant insert, delete on private.annotations to mirante_views;
create constraint trigger audit after insert or update or delete on private.annotations
    deferrable initially deferred for each row execute function private.audit_change('annotation');
alter table private.annotations alter column tenant_id set statistics 0;

create table private.bookmarks (
    id          uuid         primary key,
    tenant_id   uuid         not null references private.tenants on delete cascade,
    key_id      uuid         not null references private.api_keys on delete cascade,
    dashboard   text         not null,
    name        text         not null default '',
    query       text         not null default '',
    created_at  timestamptz  not null default now(),
    unique (tenant_id, key_id, dashboard, name)
);
comment on table private.bookmarks is 'Dashboards that somebody starred, and views of them that somebody saved. They end with the key that the person acts through.';
comment on column private.bookmarks.name is 'Of a saved view; a star has none.';
comment on column private.bookmarks.query is 'Window and filters of a saved view, as in its address.';
create index on private.bookmarks (key_id);
select storage.protect('private.bookmarks');
grant insert, update, delete on private.bookmarks to mirante_views;
alter table private.bookmarks alter column tenant_id set statistics 0;

reset role;
