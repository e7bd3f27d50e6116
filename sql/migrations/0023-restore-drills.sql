set local role mirante_owner;

create table private.restore_drills (
    id               bigint            generated always as identity primary key,
    started_at       timestamptz       not null default now(),
    ended_at         timestamptz,
    kind             text              not null check (kind in ('dump', 'copy')),
    passed           boolean,
    backup_seconds   double precision,
    restore_seconds  double precision,
    bytes            bigint,
    tables           integer,
    records          bigint,
    figures          integer,
    detail           text,
    check ((ended_at is null) = (passed is null))
);
create index on private.restore_drills (started_at);
comment on table private.restore_drills is 'Each time that a backup was made and restored elsewhere, to see that it can be. One without an end was cut off.';
comment on column private.restore_drills.restore_seconds is 'From the backup to a database whose every table was counted and whose figures were read again.';
comment on column private.restore_drills.detail is 'Why it failed.';

reset role;
