set local role mirante_owner;

create table private.imports (
    id                uuid         primary key,
    tenant_id         uuid         not null references private.tenants on delete cascade,
    key_id            uuid         not null,
    received_at       timestamptz  not null default now(),
    first_at          timestamptz  not null,
    source            text         not null,
    media_type        text         not null,
    bytes             bigint       not null,
    sha256            text         not null,
    object            text         unique,
    sealed_key        bytea        not null,
    sealed_with       text         not null,
    mapping           jsonb,
    policy            text,
    status            text         not null default 'stored' check (status in ('stored', 'running', 'imported', 'rejected')),
    importer          text,
    importer_version  integer,
    findings          jsonb        not null default '[]',
    rows              bigint       not null default 0,
    counts            jsonb        not null default '{}',
    progress          integer      not null default 0 check (progress between 0 and 100),
    done_rows         bigint       not null default 0,
    is_checked        boolean      not null default false,
    duration_ms       bigint,
    claim             uuid,
    claimed_until     timestamptz  not null default '-infinity',
    served_at         timestamptz  not null default '-infinity',
    due_at            timestamptz,
    attempts          integer      not null default 0,
    started_at        timestamptz,
    completed_at      timestamptz,
    version           integer      not null default 1,
    rewrites          jsonb        not null default '[]',
    destroyed_at      timestamptz,
    unique (tenant_id, id)
);
comment on table private.imports is 'The vault: one row for each document that arrived. Its body is an encrypted object in the object store, kept as it came.';
comment on column private.imports.first_at is 'When the tenant first sent these bytes: a row without a time of its own gets this one, so that a repeated document repeats its rows.';
comment on column private.imports.source is 'Name of the key that sent it, or what the sender said.';
comment on column private.imports.sha256 is 'Of the bytes as they came, before encryption.';
comment on column private.imports.object is 'Its name in the object store; null where the body was destroyed.';
comment on column private.imports.sealed_key is 'The key of this body, encrypted with the tenant''s key, which is derived from the platform''s secret.';
comment on column private.imports.sealed_with is 'Mark of the secret under which sealed_key is encrypted. It reveals nothing of the secret.';
comment on column private.imports.mapping is 'How the columns of a table become events, as sent with the document or by the last reprocessing.';
comment on column private.imports.done_rows is 'Rows that are written: a worker that takes over continues after them.';
comment on column private.imports.is_checked is 'The whole document was read without a fault, so that its rows may be written.';
comment on column private.imports.due_at is 'When a worker should take it; null: nothing to do.';
comment on column private.imports.version is 'Raised by each reprocessing that was applied.';
comment on column private.imports.rewrites is 'Erasures that changed the body: for each the time, the request, and the SHA-256 before and after.';
create index on private.imports (tenant_id, id);
create index on private.imports (due_at) where due_at is not null;
create index on private.imports (tenant_id, sha256);
select storage.protect('private.imports');
grant insert on private.imports to mirante_views;
alter table private.imports alter column tenant_id set statistics 0;

create table private.import_rows (
    tenant_id  uuid         not null,
    import_id  uuid         not null,
    time       timestamptz  not null,
    id         uuid         not null,
    is_origin  boolean      not null,
    seen_by    uuid,
    primary key (tenant_id, import_id, time, id)
);
comment on table private.import_rows is 'Lineage: which events a document gave. An event that several documents gave has a row for each.';
comment on column private.import_rows.is_origin is 'The document brought the event; otherwise it was stored before. Only an event that a document brought can be changed by reading it again.';
comment on column private.import_rows.seen_by is 'The last run that found the event in the document: what a run does not find, it removes.';
create index on private.import_rows (tenant_id, time, id);
select storage.protect('private.import_rows');
alter table private.import_rows alter column tenant_id set statistics 0;

create table private.import_runs (
    id             uuid         primary key,
    tenant_id      uuid         not null references private.tenants on delete cascade,
    key_id         uuid         not null,
    import_id      uuid,
    filter         jsonb        not null default '{}',
    policy         text,
    mapping        jsonb,
    dry_run        boolean      not null,
    undoes         uuid,
    status         text         not null default 'queued' check (status in ('queued', 'comparing', 'applying', 'completed', 'failed')),
    error          text,
    findings       jsonb        not null default '[]',
    documents      bigint       not null default 0,
    rows           bigint       not null default 0,
    added          bigint       not null default 0,
    changed        bigint       not null default 0,
    removed        bigint       not null default 0,
    kept           bigint       not null default 0,
    progress       integer      not null default 0 check (progress between 0 and 100),
    claim          uuid,
    claimed_until  timestamptz  not null default '-infinity',
    due_at         timestamptz  default now(),
    attempts       integer      not null default 0,
    created_at     timestamptz  not null default now(),
    completed_at   timestamptz,
    unique (tenant_id, id)
);
comment on table private.import_runs is 'Documents of the vault read again. Every run first computes the difference; one that is no dry run then applies it.';
comment on column private.import_runs.undoes is 'The run whose change this one takes back.';
comment on column private.import_runs.kept is 'Differences that are stored row by row; the counts are of all.';
create index on private.import_runs (tenant_id, id);
create index on private.import_runs (due_at) where due_at is not null;
select storage.protect('private.import_runs');
grant insert on private.import_runs to mirante_views;
alter table private.import_runs alter column tenant_id set statistics 0;
create constraint trigger audit after insert on private.import_runs
    deferrable initially deferred for each row execute function private.audit_change('import_run');

create table private.import_differences (
    tenant_id  uuid     not null references private.tenants on delete cascade,
    run_id     uuid     not null,
    number     bigint   not null,
    import_id  uuid,
    kind       text     not null check (kind in ('added', 'changed', 'removed')),
    row_key    text     not null,
    before     jsonb,
    after      jsonb,
    primary key (run_id, number),
    foreign key (tenant_id, run_id) references private.import_runs (tenant_id, id) on delete cascade
);
comment on table private.import_differences is 'What a run changes or would change, row by row.';
create index on private.import_differences (tenant_id);
select storage.protect('private.import_differences');
alter table private.import_differences alter column tenant_id set statistics 0;

create table private.import_versions (
    tenant_id   uuid         not null references private.tenants on delete cascade,
    import_id   uuid         not null,
    version     integer      not null,
    run_id      uuid,
    importer    text,
    importer_version  integer,
    policy      text,
    mapping     jsonb,
    applied_at  timestamptz  not null default now(),
    primary key (import_id, version),
    foreign key (tenant_id, import_id) references private.imports (tenant_id, id) on delete cascade
);
comment on table private.import_versions is 'How a document was read each time: undoing a reprocessing reads it as the version before.';
create index on private.import_versions (tenant_id);
select storage.protect('private.import_versions');
alter table private.import_versions alter column tenant_id set statistics 0;

reset role;
