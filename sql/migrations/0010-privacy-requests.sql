set local role mirante_owner;

create table private.privacy_requests (
    id            uuid        primary key,
    tenant_id     uuid        not null references private.tenants on delete cascade,
    kind          text        not null check (kind in ('access', 'erasure', 'withdrawal', 'restoration')),
    person        text,
    person_hash   text        not null,
    reason        text,
    status        text        not null default 'queued' check (status in ('queued', 'running', 'completed')),
    progress      integer     not null default 0 check (progress between 0 and 100),
    created_at    timestamptz not null default now(),
    due_at        timestamptz not null default now() + interval '15 days',
    started_at    timestamptz,
    completed_at  timestamptz,
    outcome       jsonb
);
comment on column private.privacy_requests.person is 'The person''s identifier as the tenant knows it; forgotten when the request is completed.';
comment on column private.privacy_requests.due_at is 'LGPD art. 19, II: fifteen days.';
comment on column private.privacy_requests.outcome is 'Of an access request the files of its bundle, else the certificate.';
create index on private.privacy_requests (tenant_id, id);
create index on private.privacy_requests (created_at) where status <> 'completed';
select storage.protect('private.privacy_requests');
grant insert on private.privacy_requests to mirante_views;

create constraint trigger audit after insert or update of completed_at or delete on private.privacy_requests
    deferrable initially deferred for each row execute function private.audit_change('privacy_request');

create table private.privacy_files (
    tenant_id   uuid    not null,
    request_id  uuid    not null references private.privacy_requests on delete cascade,
    name        text    not null,
    part        integer not null,
    content     bytea   not null,
    primary key (request_id, name, part)
);
comment on table private.privacy_files is 'Bundles of access requests, in parts of about a mebibyte; they go thirty days after completion, or when the person is erased.';
select storage.protect('private.privacy_files');

create table private.offboardings (
    tenant_id     uuid        primary key,
    slug          text        not null,
    requested_at  timestamptz not null default now(),
    closed_in     xid8        not null default pg_current_xact_id(),
    progress      integer     not null default 0 check (progress between 0 and 100),
    completed_at  timestamptz,
    certificate   jsonb
);
comment on table private.offboardings is 'Removals of whole tenants. They outlive the tenant and name nobody but it.';
comment on column private.offboardings.closed_in is 'Transaction that closed the tenant''s keys: once none older runs, nothing more is stored under them.';
select storage.protect('private.offboardings');

create constraint trigger audit after insert or update of completed_at on private.offboardings
    deferrable initially deferred for each row execute function private.audit_change('offboarding', 'tenant_id');
create constraint trigger audit after insert or update of revoked_at, ended_at or delete on private.sql_logins
    deferrable initially deferred for each row execute function private.audit_change('sql_login');
create constraint trigger audit after insert or delete on private.pseudonym_keys
    deferrable initially deferred for each row execute function private.audit_change('pseudonym_key', 'tenant_id');

reset role;
