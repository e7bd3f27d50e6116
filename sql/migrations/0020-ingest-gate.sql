set local role mirante_owner;

-- Every transaction that stores events locks this table in row share mode, which nobody waits for, before it reads its time of
-- receipt: so pg_locks says who may still commit events with an earlier one.
create table private.ingest_gate (
    id          boolean     primary key default true check (id),
    settled_to  timestamptz not null default '-infinity'
);
comment on table private.ingest_gate is 'One row. settled_to: no event that is stored from now on gets an earlier time of receipt, also where a clock goes backwards.';
insert into private.ingest_gate default values;

reset role;
