set local role mirante_owner;

create table private.heartbeats (
    queue    text        primary key,
    beat_at  timestamptz not null
);
comment on table private.heartbeats is 'Last time that a job of each queue was really consumed; a worker that is alive but not consuming leaves it stale.';

reset role;
