set local role mirante_owner;

alter table private.api_keys add column holder text not null default 'program' check (holder in ('program', 'member'));
comment on column private.api_keys.holder is 'A program has the key itself. A member has a key that nobody knows: sessions act through it, so that every limit, log and revocation of keys holds for people too.';

create table private.members (
    id          uuid         primary key,
    tenant_id   uuid         not null references private.tenants on delete cascade,
    key_id      uuid         not null unique references private.api_keys on delete cascade,
    email       text         not null check (email = lower(email)),
    name        text,
    role        text         not null check (role in ('viewer', 'admin', 'operator')),
    created_at  timestamptz  not null default now(),
    updated_at  timestamptz  not null default now(),
    unique (tenant_id, email)
);
comment on table private.members is 'People who sign in for a tenant. A member''s role decides the scopes of the key that the member''s sessions act through.';
select storage.protect('private.members');
create constraint trigger audit after insert or update or delete on private.members
    deferrable initially deferred for each row execute function private.audit_change('member');
alter table private.members alter column tenant_id set statistics 0;

create table private.sessions (
    id          uuid         primary key,
    tenant_id   uuid         not null references private.tenants on delete cascade,
    key_id      uuid         not null references private.api_keys on delete cascade,
    hash        bytea        not null unique,
    address     inet,
    agent       text         not null,
    created_at  timestamptz  not null default now(),
    seen_at     timestamptz  not null default now(),
    expires_at  timestamptz  not null
);
comment on table private.sessions is 'Browsers that are signed in. A session ends when it is idle or too old, when its holder ends it, and with its key.';
comment on column private.sessions.hash is 'SHA-256 of the cookie, which is itself never stored.';
create index on private.sessions (tenant_id);
create index on private.sessions (key_id);
select storage.protect('private.sessions');
create constraint trigger audit after insert or delete on private.sessions
    deferrable initially deferred for each row execute function private.audit_change('session');

create table private.login_codes (
    hash        bytea        primary key,
    tenant_id   uuid         not null references private.tenants on delete cascade,
    key_id      uuid         not null references private.api_keys on delete cascade,
    expires_at  timestamptz  not null
);
comment on table private.login_codes is 'One-time links to sign in, as the SHA-256 of their code. A link is deleted when it is used.';
create index on private.login_codes (tenant_id);
create index on private.login_codes (key_id);
select storage.protect('private.login_codes');

reset role;
