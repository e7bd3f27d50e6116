set local role mirante_owner;

create table private.services (
    tenant_id               uuid         not null references private.tenants on delete cascade,
    slug                    text         not null check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    revision                integer      not null default 1,
    name                    text         not null,
    locales                 text[]       not null check (cardinality(locales) > 0),
    timezone                text         not null,
    started                 text,
    completed               text,
    journey_id              text,
    draft_limit_days        integer      not null check (draft_limit_days > 0),
    channels                text[]       not null,
    assisted_digital        boolean      not null default true,
    costs                   jsonb        not null,
    comment_retention_days  integer      not null check (comment_retention_days > 0),
    journeys_to             timestamptz,
    collected_to            timestamptz,
    created_at              timestamptz  not null default now(),
    updated_at              timestamptz  not null default now(),
    primary key (tenant_id, slug),
    check (num_nulls(started, completed, journey_id) in (0, 3))
);
comment on table private.services is 'Public services of a tenant, and the parameters of their performance measures.';
comment on column private.services.revision is 'Grows with every change of a parameter: a figure names the revision that it was computed with.';
comment on column private.services.timezone is 'In which the months of its figures begin.';
comment on column private.services.started is 'The type of the event with which a journey starts; with `completed` and `journey_id`, or none of the three.';
comment on column private.services.journey_id is 'JSON Pointer into the event to what identifies a journey, such as /data/journey.';
comment on column private.services.draft_limit_days is 'Days of 24 hours after which a journey that is not completed has failed.';
comment on column private.services.channels is 'The channels that the service has. A month in which one of them has no count is missing, not zero.';
comment on column private.services.costs is 'Currency, and what a channel costs in a month that gives no costs of its own.';
comment on column private.services.journeys_to is 'When its journeys were last brought up to date; null: they must be collected from all events.';
comment on column private.services.collected_to is 'While they are: up to which time of events they have been. Null: not begun.';
select storage.protect('private.services');
grant insert, update on private.services to mirante_views;

-- Not every update: the job that collects journeys is no act of anybody.
create constraint trigger audit after insert or delete or update of revision on private.services
    deferrable initially deferred for each row execute function private.audit_change('service', 'slug');

create table private.feedback (
    id           uuid         primary key,
    tenant_id    uuid         not null,
    service      text         not null,
    received_at  timestamptz  not null default now(),
    rating       integer      not null check (rating between 1 and 5),
    locale       text         not null,
    comment      text,
    redacted_at  timestamptz,
    foreign key (tenant_id, service) references private.services on delete cascade
);
comment on table private.feedback is 'Ratings of services, 1 (very dissatisfied) to 5 (very satisfied). Nothing says who gave one.';
comment on column private.feedback.comment is 'With marks in place of e-mail addresses, telephone numbers and numbers of persons; null: none was written, or it has been removed.';
comment on column private.feedback.redacted_at is 'When somebody removed the comment, or its retention did.';
create index on private.feedback (tenant_id, service, received_at) include (rating);
create index on private.feedback (tenant_id, service, received_at) where comment is not null;
select storage.protect('private.feedback');

create table private.journeys (
    tenant_id     uuid         not null,
    service       text         not null,
    id            uuid         not null,
    started_at    timestamptz,
    completed_at  timestamptz,
    subjects      text[]       not null default '{}',
    primary key (tenant_id, service, id),
    foreign key (tenant_id, service) references private.services on delete cascade,
    check (num_nonnulls(started_at, completed_at) > 0)
);
comment on table private.journeys is 'When each journey of a service first started and was first completed, collected from events. It outlives them.';
comment on column private.journeys.id is 'The first 16 bytes of the SHA-256 of what the events call the journey.';
comment on column private.journeys.started_at is 'Null: no start has been received. A resumed journey keeps its first start.';
comment on column private.journeys.subjects is 'Subjects of its events, as stored there, so that an erasure finds it.';
create index on private.journeys (tenant_id, service, started_at) include (completed_at);
create index on private.journeys (tenant_id, service, completed_at) include (started_at);
select storage.protect('private.journeys');

-- Hours whose journeys must be collected again. Always a new row, like private.dirty_hours.
create table private.dirty_journeys (
    id         bigint       generated always as identity primary key,
    tenant_id  uuid         not null references private.tenants on delete cascade,
    hour       timestamptz  not null,
    forced     boolean      not null default false
);
comment on table private.dirty_journeys is 'Hours of tenants with services in which events were stored since their journeys were last collected.';
comment on column private.dirty_journeys.forced is 'Events of the hour were deleted: what it no longer has leaves its journeys.';
create index on private.dirty_journeys (tenant_id, hour);
select storage.protect('private.dirty_journeys');

alter table private.restatements add column service text;
comment on column private.restatements.service is 'Whose journeys were counted; null: it is a roll-up of all events.';

reset role;
