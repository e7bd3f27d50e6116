set local role mirante_owner;

create table private.alert_endpoints (
    id                   uuid        primary key,
    tenant_id            uuid        not null references private.tenants on delete cascade,
    kind                 text        not null check (kind in ('webhook', 'email')),
    target               text        not null,
    description          text,
    secret_version       integer     not null default 1,
    old_secret_until     timestamptz,
    disabled_at          timestamptz,
    created_at           timestamptz not null default now(),
    unique (tenant_id, id)
);
comment on table private.alert_endpoints is 'Where alerts are sent. A webhook''s signing secret stands nowhere: it derives from the platform''s secret, this id and the version.';
comment on column private.alert_endpoints.old_secret_until is 'Until when the version before signs too, after a rotation.';
comment on column private.alert_endpoints.disabled_at is 'Since when nothing is sent there any more, because it answered 410 Gone.';
select storage.protect('private.alert_endpoints');
grant insert, update, delete on private.alert_endpoints to mirante_views;
create constraint trigger audit after insert or update or delete on private.alert_endpoints
    deferrable initially deferred for each row execute function private.audit_change('alert_endpoint');

create table private.alert_rules (
    id                 uuid             primary key,
    tenant_id          uuid             not null references private.tenants on delete cascade,
    name               text             not null,
    enabled            boolean          not null,
    metric             text             not null,
    filter             jsonb            not null,
    condition          text             not null check (condition in ('above', 'below')),
    threshold          double precision not null,
    window_seconds     integer          not null check (window_seconds between 300 and 30 * 86400),
    for_seconds        integer          not null check (for_seconds between 0 and 7 * 86400),
    cool_down_seconds  integer          not null check (cool_down_seconds between 300 and 7 * 86400),
    no_data            text             not null check (no_data in ('ok', 'alert')),
    notify             uuid[]           not null,
    created_at         timestamptz      not null default now(),
    updated_at         timestamptz      not null default now(),
    unique (tenant_id, id)
);
comment on column private.alert_rules.notify is 'Endpoints of the same tenant. One that is deleted leaves the lists that it is in.';
select storage.protect('private.alert_rules');
grant insert, update, delete on private.alert_rules to mirante_views;
create constraint trigger audit after insert or update or delete on private.alert_rules
    deferrable initially deferred for each row execute function private.audit_change('alert_rule');

create table private.alert_states (
    rule_id       uuid             primary key,
    tenant_id     uuid             not null,
    state         text             not null check (state in ('ok', 'pending', 'firing', 'unknown')),
    since         timestamptz      not null,
    value         double precision,
    evaluated_at  timestamptz      not null,
    noticed_at    timestamptz,
    open          boolean          not null,
    foreign key (tenant_id, rule_id) references private.alert_rules (tenant_id, id) on delete cascade
);
comment on table private.alert_states is 'How each rule that is switched on was found last.';
comment on column private.alert_states.noticed_at is 'When it was last said that the rule fires: the cool-down counts from here.';
comment on column private.alert_states.open is 'It was said that the rule fires, and not yet that it has recovered.';
select storage.protect('private.alert_states');

create table private.alert_deliveries (
    id             uuid        primary key,
    tenant_id      uuid        not null,
    rule_id        uuid,
    endpoint_id    uuid        not null,
    type           text        not null check (type in ('alert.firing', 'alert.recovered', 'alert.test')),
    message        json        not null,
    status         text        not null default 'waiting' check (status in ('waiting', 'delivered', 'failed')),
    attempts       integer     not null default 0,
    created_at     timestamptz not null,
    due_at         timestamptz not null,
    claimed_until  timestamptz not null default '-infinity',
    ended_at       timestamptz,
    response_code  integer,
    error          text,
    foreign key (tenant_id, endpoint_id) references private.alert_endpoints (tenant_id, id) on delete cascade,
    foreign key (tenant_id, rule_id) references private.alert_rules (tenant_id, id) on delete set null (rule_id)
);
comment on table private.alert_deliveries is 'Each notice to each endpoint, written in the transaction that changes the rule''s state, sent by a job, kept for thirty days.';
comment on column private.alert_deliveries.message is 'The body of the webhook, word for word the same at each attempt.';
comment on column private.alert_deliveries.claimed_until is 'Whoever sends it has until then; who died is succeeded after that.';
create index on private.alert_deliveries (tenant_id, id);
create index on private.alert_deliveries (due_at) where status = 'waiting';
-- What the log's retention and operations read.
create index on private.alert_deliveries (created_at);
create index on private.alert_deliveries (endpoint_id);
create index on private.alert_deliveries (rule_id);
select storage.protect('private.alert_deliveries');
grant insert on private.alert_deliveries to mirante_views;

-- Their views show tenant_id, so that a plan's estimate would tell which tenants there are and how much each has.
alter table private.alert_endpoints alter column tenant_id set statistics 0;
alter table private.alert_rules alter column tenant_id set statistics 0;
alter table private.alert_states alter column tenant_id set statistics 0;
alter table private.alert_deliveries alter column tenant_id set statistics 0;

reset role;
