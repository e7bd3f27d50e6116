set local role mirante_owner;

create table private.events (
    tenant_id    uuid             not null,
    time         timestamptz      not null,
    id           uuid             not null,
    received_at  timestamptz      not null,
    type         text             not null,
    source       text             not null,
    event_id     text,
    subject      text,
    outcome      text,
    duration_ms  double precision,
    bytes        integer          not null,
    data         jsonb,
    attributes   jsonb,
    primary key (tenant_id, time, id)
);
select storage.make_hypertable('events', 'time', '7 days');
-- A refresh reads one hour of all tenants, which the primary key, led by the tenant, cannot find. Rows arrive about in the
-- order of their time, so a few bytes for each 32 pages are enough (1 ms instead of 30 among 350,000 rows of a week).
-- Upkeep summarises the newest pages: autosummarize asks autovacuum for it, one log line for each request that finds its queue full.
create index events_time on private.events using brin (time) with (pages_per_range = 32);
comment on column private.events.event_id is 'The id as it was sent, where it is not the canonical text of the key''s UUID.';
comment on column private.events.attributes is 'CloudEvents attributes that have no column of their own.';

-- One row for each rule of a validation: a roll-up cannot unfold the object `rules` itself.
create table private.rule_hits (
    tenant_id    uuid        not null,
    time         timestamptz not null,
    id           uuid        not null,
    rule         text        not null,
    marketplace  text,
    hits         bigint      not null,
    primary key (tenant_id, time, id, rule)
);
select storage.make_hypertable('rule_hits', 'time', '7 days');
create index rule_hits_time on private.rule_hits using brin (time) with (pages_per_range = 32);

-- Hours that a flush touched. Always a new row, never a unique key: a mark that "already exists" can be consumed by a
-- refresh that does not yet see the rows of the flush that relied on it.
create table private.dirty_hours (
    id    bigint      generated always as identity primary key,
    hour  timestamptz not null
);
create index on private.dirty_hours (hour);

create table private.event_types (
    tenant_id    uuid        not null references private.tenants on delete cascade,
    type         text        not null,
    version      integer     not null,
    schema       jsonb       not null,
    mode         text        not null check (mode in ('observe', 'quarantine', 'reject')),
    description  text,
    created_at   timestamptz not null default now(),
    primary key (tenant_id, type, version)
);
select storage.protect('private.event_types');
grant select, insert on private.event_types to mirante_views;

create table private.quarantine (
    tenant_id     uuid        not null,
    received_at   timestamptz not null,
    id            uuid        not null,
    status        text        not null check (status in ('quarantined', 'conflict', 'rejected')),
    code          text        not null,
    detail        text,
    pointer       text,
    type          text,
    key_id        uuid        not null,
    raw           bytea       not null,
    replayed_at   timestamptz,
    primary key (tenant_id, received_at, id)
);
select storage.make_hypertable('quarantine', 'received_at', '7 days');
comment on column private.quarantine.raw is 'What the client sent, byte for byte: text cannot hold every byte.';

reset role;
