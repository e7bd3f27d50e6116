set local role mirante_owner;

create table private.benchmark_consents (
    id            uuid        primary key,
    tenant_id     uuid        not null references private.tenants on delete cascade,
    accepted      boolean     not null,
    text_version  text        not null,
    at            timestamptz not null default clock_timestamp()
);
comment on table private.benchmark_consents is 'Opt-ins and revocations, each with the version of the text that was agreed to. The newest row of a tenant holds; none is ever changed.';
create index on private.benchmark_consents (tenant_id, at);
select storage.protect('private.benchmark_consents');
grant insert on private.benchmark_consents to mirante_views;
-- They go only with their tenant; the audit log keeps that they were given.
create trigger append_only before update or truncate on private.benchmark_consents
    for each statement execute function private.refuse_change();
create constraint trigger audit after insert on private.benchmark_consents
    deferrable initially deferred for each row execute function private.audit_change('benchmark_consent');

create table private.benchmark_builds (
    id            uuid        primary key,
    metric        text        not null,
    period        text        not null,
    status        text        not null default 'queued' check (status in ('queued', 'completed')),
    requested_at  timestamptz not null default clock_timestamp(),
    completed_at  timestamptz
);
comment on table private.benchmark_builds is 'Requests for the snapshots of one metric and period.';
create index on private.benchmark_builds (requested_at) where status = 'queued';
create index on private.benchmark_builds (metric, period);

create table private.benchmark_snapshots (
    id            bigint      generated always as identity primary key,
    build_id      uuid        not null references private.benchmark_builds on delete restrict,
    metric        text        not null,
    period        text        not null,
    dimension     text        not null,
    cohort        text        not null,
    outcome       text        not null check (outcome in ('released', 'frozen', 'GROUP_TOO_SMALL', 'DOMINANCE', 'P_PERCENT', 'DIFFERENCING', 'LAG')),
    rules         text        not null,
    minimum       integer     not null,
    input_digest  bytea,
    size_band     text,
    p25           double precision,
    p50           double precision,
    p75           double precision,
    built_at      timestamptz not null default clock_timestamp(),
    check ((outcome = 'released') = (p50 is not null)),
    check (outcome = 'released' or (p25 is null and p75 is null and size_band is null))
);
comment on table private.benchmark_snapshots is 'Every evaluation of a cohort: what was published, or why nothing was. Append-only, and without a tenant. frozen: it was published before, and is left as it is; another digest then says that its input has changed since.';
comment on column private.benchmark_snapshots.input_digest is 'SHA-256 over the sorted figures and volumes that were counted. Never shown to a tenant, who could try figures until one fits.';
comment on column private.benchmark_snapshots.minimum is 'k: the fewest contributors of a median; quartiles take twice as many.';
create unique index on private.benchmark_snapshots (metric, period, dimension, cohort) where outcome = 'released';
create index on private.benchmark_snapshots (metric, period, dimension, cohort, id);
create index on private.benchmark_snapshots (build_id);
create trigger append_only before update or delete or truncate on private.benchmark_snapshots
    for each statement execute function private.refuse_change();

create table private.benchmark_panels (
    metric   text        not null,
    member   bytea       not null,
    block    uuid        not null,
    cohort   text,
    coarse   boolean     not null,
    used_at  timestamptz not null default now(),
    primary key (metric, member)
);
comment on table private.benchmark_panels is 'Who is counted together: the members of a block are in a published figure all at once or not at all. A member is an HMAC under benchmark_secrets, good for comparing and nothing else.';
comment on column private.benchmark_panels.cohort is 'The one that all members were in when the block was formed; null: of several, so it counts in the whole only.';
comment on column private.benchmark_panels.coarse is 'A block of exactly k, of which k - 1 together would leave one alone: its figures and volumes count by their cell, wider than 15 %.';
create index on private.benchmark_panels (metric, block);

create table private.benchmark_secrets (
    inner_pad   bytea       not null,
    outer_pad   bytea       not null,
    created_at  timestamptz not null default now()
);
comment on table private.benchmark_secrets is 'One row, made by the next build where it is missing. Without it nobody can tell who is a member of a block, and all join anew.';

reset role;
