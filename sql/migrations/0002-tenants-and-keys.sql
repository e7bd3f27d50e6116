set local role mirante_owner;

create table private.tenants (
    id                  uuid        primary key,
    slug                text        not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name                text        not null,
    kind                text        not null default 'customer' check (kind in ('customer', 'operations')),
    country             text,
    timezone            text        not null default 'UTC',
    locale              text        not null default 'en',
    features            jsonb       not null default '{}',
    attributes          jsonb       not null default '{}',
    limits              jsonb       not null default '{}',
    raw_retention_days  integer     check (raw_retention_days between 1 and 3650),
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now()
);
comment on column private.tenants.raw_retention_days is 'A lower bound in the tenant''s views. The rows leave with their chunk: deleting them would eat the aggregates at the next refresh.';

-- The tenant of whoever runs the statement. A setting proves a tenant only for the login whose SQL text is Mirante's own.
create function private.current_tenant() returns uuid
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select case when session_user = 'mirante_api' then nullif(current_setting('app.tenant_id', true), '')::uuid end
$$;
revoke all on function private.current_tenant() from public;
grant execute on function private.current_tenant() to mirante_views, mirante_api;

alter table private.tenants enable row level security;
alter table private.tenants force row level security;
create policy one_tenant on private.tenants to mirante_views using (id = (select private.current_tenant()));
create policy all_tenants on private.tenants to mirante_owner using (true);
grant select on private.tenants to mirante_views;
grant usage on schema private to mirante_views, mirante_api;

create table private.api_keys (
    id            uuid        primary key,
    tenant_id     uuid        not null references private.tenants on delete cascade,
    name          text        not null,
    hash          bytea       not null unique,
    prefix        text        not null,
    scopes        text[]      not null,
    created_at    timestamptz not null default now(),
    expires_at    timestamptz,
    revoked_at    timestamptz,
    last_used_at  timestamptz
);
comment on column private.api_keys.hash is 'SHA-256 of the key, which is itself never stored.';
create index on private.api_keys (tenant_id, id);
select storage.protect('private.api_keys');

create table private.idempotency_keys (
    tenant_id     uuid        not null references private.tenants on delete cascade,
    key           text        not null,
    request_hash  bytea       not null,
    claim         uuid        not null,
    claimed_at    timestamptz not null default now(),
    first_at      timestamptz not null default now(),
    answer        json,
    primary key (tenant_id, key)
);
comment on column private.idempotency_keys.answer is 'Status, headers and body as first sent, a secret replaced by null; null while the request is running.';
select storage.protect('private.idempotency_keys');

-- Counters of rate-limiter-flexible: the key is limiter and tenant, the value a number; the library writes its own SQL.
create table limits.counters (
    key     varchar(255) primary key,
    points  integer      not null default 0,
    expire  bigint
);
grant usage on schema limits to mirante_api;
grant select, insert, update, delete on limits.counters to mirante_api;

reset role;
