set local role mirante_owner;

create table private.dashboard_links (
    id          uuid         primary key,
    tenant_id   uuid         not null references private.tenants on delete cascade,
    key_id      uuid         not null references private.api_keys on delete cascade,
    dashboard   text         not null,
    prefix      text         not null,
    hash        bytea        not null unique,
    params      jsonb        not null,
    created_at  timestamptz  not null default now(),
    expires_at  timestamptz,
    unique (tenant_id, prefix)
);
comment on table private.dashboard_links is 'Short links to a dashboard, /s/<id>, for people without a key. A link ends when it is deleted, when it expires, or with the key that made it.';
comment on column private.dashboard_links.prefix is 'The first characters of the id: they name the link in lists and open nothing.';
comment on column private.dashboard_links.hash is 'SHA-256 of the whole id, which is itself never stored.';
create index on private.dashboard_links (tenant_id, dashboard, id);
create index on private.dashboard_links (key_id);
select storage.protect('private.dashboard_links');
grant insert, delete on private.dashboard_links to mirante_views;
create constraint trigger audit after insert or update or delete on private.dashboard_links
    deferrable initially deferred for each row execute function private.audit_change('dashboard_link');

-- Its view shows tenant_id, so that a plan's estimate would tell which tenants there are and how much each has.
alter table private.dashboard_links alter column tenant_id set statistics 0;

reset role;
