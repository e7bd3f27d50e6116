set local role mirante_owner;

create table private.export_jobs (
    id             uuid        primary key,
    tenant_id      uuid        not null references private.tenants on delete cascade,
    key_id         uuid        not null,
    dataset        text        not null,
    format         text        not null check (format in ('csv', 'ndjson', 'parquet')),
    options        jsonb       not null,
    window_from    timestamptz not null,
    window_to      timestamptz not null check (window_to > window_from),
    filter         jsonb       not null,
    since          uuid,
    since_to       timestamptz,
    received_from  timestamptz,
    settled_at     timestamptz,
    endpoint_id    uuid,
    delivery_id    uuid,
    status         text        not null default 'queued'
                               check (status in ('queued', 'running', 'completed', 'failed', 'cancelled', 'expired', 'deleted')),
    error          text,
    progress       integer     not null default 0 check (progress between 0 and 100),
    claim          uuid,
    claimed_until  timestamptz not null default '-infinity',
    served_at      timestamptz not null default '-infinity',
    due_at         timestamptz not null default now(),
    attempts       integer     not null default 0,
    created_at     timestamptz not null default now(),
    completed_at   timestamptz,
    expires_at     timestamptz,
    ended_at       timestamptz,
    deleted_at     timestamptz,
    erased_for     text,
    manifest       jsonb,
    unique (tenant_id, id),
    foreign key (tenant_id, endpoint_id) references private.alert_endpoints (tenant_id, id) on delete set null (endpoint_id)
);
comment on table private.export_jobs is 'Exports that a tenant asked for. The row outlives its files, so that a later export can begin where this one ended.';
comment on column private.export_jobs.settled_at is 'What is in it: rows received before this moment, after which nothing is stored under an earlier one. All files of an export share it.';
comment on column private.export_jobs.received_from is 'Of an incremental export: where the one before it ended. Rows of its window that were received earlier are in that one.';
comment on column private.export_jobs.since_to is 'Of an incremental export: where the window of the one before it ended. From here on rows are new whenever they were received.';
comment on column private.export_jobs.claim is 'Who works on it just now, until claimed_until; a new one for each part.';
comment on column private.export_jobs.served_at is 'When a part of it was last taken up: tenants take turns by it.';
comment on column private.export_jobs.attempts is 'Since the last part that was finished.';
comment on column private.export_jobs.erased_for is 'Pseudonym of the person for whose erasure its files were destroyed.';
create index on private.export_jobs (tenant_id, id);
create index on private.export_jobs (due_at) where status in ('queued', 'running');
create index on private.export_jobs (expires_at) where status = 'completed';
select storage.protect('private.export_jobs');
grant insert on private.export_jobs to mirante_views;
-- Progress is no act of anybody; what is made and what is deleted is.
create constraint trigger audit after insert or update of deleted_at on private.export_jobs
    deferrable initially deferred for each row execute function private.audit_change('export');

create table private.export_files (
    tenant_id      uuid        not null,
    export_id      uuid        not null,
    part           integer     not null,
    from_time      timestamptz not null,
    to_time        timestamptz not null,
    received_from  timestamptz,
    expected_rows  bigint      not null,
    name           text        not null,
    object         text        unique,
    rows           bigint,
    bytes          bigint,
    sha256         text,
    stored_at      timestamptz,
    primary key (export_id, part),
    foreign key (tenant_id, export_id) references private.export_jobs (tenant_id, id) on delete cascade
);
comment on table private.export_files is 'The parts of an export, planned before the first is read: together they are the whole window, each is one file.';
comment on column private.export_files.object is 'Its name in the object store, written down before the file is; null where nothing lies there.';
comment on column private.export_files.expected_rows is 'Counted when the export was planned; for the size of files and for progress only.';
create index on private.export_files (tenant_id);
select storage.protect('private.export_files');

-- Their views show tenant_id, so that a plan's estimate would tell which tenants there are and how much each has.
alter table private.export_jobs alter column tenant_id set statistics 0;
alter table private.export_files alter column tenant_id set statistics 0;

-- Notices of exports go the way of alerts: same endpoints, same log, same attempts.
alter table private.alert_deliveries drop constraint alert_deliveries_type_check;
alter table private.alert_deliveries add constraint alert_deliveries_type_check
    check (type in ('alert.firing', 'alert.recovered', 'alert.test', 'export.completed', 'export.failed'));

reset role;
