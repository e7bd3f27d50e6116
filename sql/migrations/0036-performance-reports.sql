set local role mirante_owner;

create table private.channel_counts (
    id                uuid         primary key,
    tenant_id         uuid         not null,
    service           text         not null,
    period            text         not null check (period ~ '^20[0-9]{2}-(0[1-9]|1[0-2])$'),
    revision          integer      not null,
    online            bigint       check (online >= 0),
    paper             bigint       check (paper >= 0),
    phone             bigint       check (phone >= 0),
    other             bigint       check (other >= 0),
    assisted_digital  bigint       check (assisted_digital >= 0),
    costs             jsonb,
    source            text         not null check (source in ('manual', 'connector', 'import')),
    import_id         uuid,
    recorded_at       timestamptz  not null default now(),
    unique (tenant_id, service, period, revision),
    foreign key (tenant_id, service) references private.services on delete cascade
);
comment on table private.channel_counts is 'Completed transactions of a service by channel and month. Other numbers for a month are a new revision; the earlier ones stay.';
comment on column private.channel_counts.online is 'Null: they are the journeys completed in the month. In the other channels null is not known, never zero.';
comment on column private.channel_counts.assisted_digital is 'How many of those online were completed with help.';
comment on column private.channel_counts.costs is 'Currency and what each channel cost in the month.';
comment on column private.channel_counts.import_id is 'The document of the vault that brought the numbers.';
select storage.protect('private.channel_counts');
grant insert on private.channel_counts to mirante_views;
create constraint trigger audit after insert or update or delete on private.channel_counts
    deferrable initially deferred for each row execute function private.audit_change('channel_counts');
alter table private.channel_counts alter column tenant_id set statistics 0;

create table private.channel_connectors (
    tenant_id      uuid         not null,
    service        text         not null,
    url            text         not null,
    secret         text,
    mapping        jsonb        not null,
    schedule       text         not null check (schedule in ('daily', 'monthly')),
    day            integer      not null check (day between 1 and 28),
    first_period   text         not null,
    enabled        boolean      not null,
    state          text         not null default 'waiting' check (state in ('waiting', 'fresh', 'failing')),
    error          text,
    detail         text,
    attempts       integer      not null default 0,
    tried_at       timestamptz,
    fetched_at     timestamptz,
    fetched_period text,
    due_at         timestamptz  not null default now(),
    created_at     timestamptz  not null default now(),
    updated_at     timestamptz  not null default now(),
    primary key (tenant_id, service),
    foreign key (tenant_id, service) references private.services on delete cascade
);
comment on table private.channel_connectors is 'Where the counts of a service''s channels are fetched, and how the last attempt ended.';
comment on column private.channel_connectors.secret is 'The Authorization header, encrypted with a key that derives from the platform''s secret.';
comment on column private.channel_connectors.attempts is 'Failed attempts since the last success.';
select storage.protect('private.channel_connectors');
grant insert, update, delete on private.channel_connectors to mirante_views;
-- Not every update: an attempt of the job is no act of anybody.
create constraint trigger audit after insert or delete or update of url, mapping, schedule, enabled on private.channel_connectors
    deferrable initially deferred for each row execute function private.audit_change('channel_connector', 'service');
alter table private.channel_connectors alter column tenant_id set statistics 0;

create table private.performance_reports (
    id            uuid         primary key,
    tenant_id     uuid         not null,
    service       text         not null,
    period        text         not null,
    assisted_digital  boolean,
    cause         text         not null check (cause in ('request', 'schedule')),
    publish       boolean      not null,
    notify        uuid[],
    status        text         not null default 'queued' check (status in ('queued', 'running', 'completed', 'failed')),
    error         text,
    attempts      integer      not null default 0,
    requested_at  timestamptz  not null default now(),
    due_at        timestamptz  not null default now(),
    completed_at  timestamptz,
    measures      jsonb,
    method        jsonb,
    missing       jsonb,
    revision      integer,
    published_at  timestamptz,
    withdrawn_at  timestamptz,
    changes       jsonb,
    unique (tenant_id, service, period, revision),
    foreign key (tenant_id, service) references private.services on delete cascade,
    check (published_at is null or status = 'completed')
);
comment on table private.performance_reports is 'Performance reports of services: requested, made by a job, published as numbered revisions of a period.';
comment on column private.performance_reports.assisted_digital is 'Whether help counts as digital; null: as the service says.';
comment on column private.performance_reports.notify is 'Endpoints that are told; null: all of the tenant.';
comment on column private.performance_reports.revision is 'Number among the published reports of a service and period; null: never published.';
comment on column private.performance_reports.changes is 'How the figures differ from those of the revision before.';
create index on private.performance_reports (tenant_id, id);
create index on private.performance_reports (due_at) where status in ('queued', 'running');
create index on private.performance_reports (tenant_id, service, published_at) where published_at is not null and withdrawn_at is null;
select storage.protect('private.performance_reports');
grant insert on private.performance_reports to mirante_views;
create constraint trigger audit after insert or delete or update of published_at, withdrawn_at on private.performance_reports
    deferrable initially deferred for each row execute function private.audit_change('performance_report');
alter table private.performance_reports alter column tenant_id set statistics 0;

alter table private.alert_deliveries drop constraint alert_deliveries_type_check;
alter table private.alert_deliveries add constraint alert_deliveries_type_check check (type in ('alert.firing', 'alert.recovered', 'alert.test',
    'export.completed', 'export.failed', 'performance_report.completed', 'performance_report.failed', 'connector.failing', 'connector.recovered'));

reset role;
