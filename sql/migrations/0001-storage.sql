set local role mirante_owner;

create table storage.hypertables (
    name           text        primary key,
    time_column    text        not null,
    chunk_width    interval    not null,
    retained_from  timestamptz not null default '-infinity'
);
comment on table storage.hypertables is 'Tables split by time. retained_from: rows before it have been dropped, so nothing may be recomputed from there.';

create table storage.rollups (
    name             text        primary key,
    source           text        not null,
    width            interval    not null,
    materialised_to  timestamptz not null,
    retained_from    timestamptz not null default '-infinity'
);
comment on table storage.rollups is 'Roll-ups. materialised_to: from here on, readers get rows live from the source. retained_from: buckets before it have been dropped, so a roll-up that is made from this one is not recomputed from there.';

create table storage.retention_runs (
    id           bigint      generated always as identity primary key,
    ran_at       timestamptz not null default now(),
    relation     text        not null,
    rule         text        not null,
    dropped_to   timestamptz not null,
    dropped      integer     not null
);
comment on table storage.retention_runs is 'Proof of retention: what was dropped (partitions, chunks or rows), up to when, and by which rule.';

reset role;
