-- time_bucket with TimescaleDB's origins: Monday 2000-01-03, and 2000-01-01 for months.
create or replace function storage.time_bucket(width interval, at timestamptz) returns timestamptz
    language sql immutable strict parallel safe
    as $$
    select date_bin(width, at, timestamptz '2000-01-03 00:00:00+00')
$$;
grant execute on function storage.time_bucket(interval, timestamptz) to mirante_views;

-- A partition spans four chunk widths. Each partition costs every query planning time (a metric call: 1.6 ms among 20 weekly
-- partitions, 0.8 ms among 5 of four weeks), and unlike chunks they cannot be excluded before planning.
create or replace function storage.make_hypertable(name text, time_column text, chunk_width interval) returns void
    language plpgsql
    as $$
declare
    key text := (select pg_get_constraintdef(oid) from pg_constraint
        where conrelid = format('private.%I', name)::regclass and contype = 'p');
begin
    execute format('create table private.%I (like private.%I including defaults including constraints)
        partition by range (%I)', name || '_split', name, time_column);
    execute format('drop table private.%I', name);
    execute format('alter table private.%I rename to %I', name || '_split', name);
    execute format('alter table private.%I add %s', name, key);
    perform storage.protect(format('private.%I', name)) where storage.has_tenants(name);
    insert into storage.hypertables (name, time_column, chunk_width) values (name, time_column, chunk_width * 4);
    perform storage.make_partitions(name, now() - interval '98 days', now() + interval '35 days');
end
$$;

-- Creates the partitions of a time span; skips those that exist and those that retention has dropped. There is no default
-- partition: it would have to be scanned and locked each time a new one is attached. Attaching, unlike `partition of`, does not
-- block readers and writers.
create or replace function storage.make_partitions(name text, since timestamptz, until timestamptz) returns integer
    language plpgsql
    set lock_timeout = '5s'
    as $$
#variable_conflict use_variable
declare
    width interval := (select h.chunk_width from storage.hypertables h where h.name = name);
    retained timestamptz := (select h.retained_from from storage.hypertables h where h.name = name);
    starts timestamptz := storage.time_bucket(width, greatest(since, retained));
    part text;
    made integer := 0;
begin
    perform storage.take_lock('partitions');
    while starts < until loop
        part := name || to_char(starts at time zone 'UTC', '_YYYYMMDD');
        if to_regclass(format('private.%I', part)) is null then
            execute format('create table private.%I (like private.%I including defaults including constraints)', part, name);
            -- A second lock: no policy at all, so that a leaked grant on one partition opens nothing.
            execute format('alter table private.%I enable row level security', part);
            execute format('alter table private.%I attach partition private.%I for values from (%L) to (%L)',
                name, part, starts, starts + width);
            made := made + 1;
        end if;
        starts := starts + width;
    end loop;
    -- In the same transaction, before anybody can analyse what is new.
    perform storage.hide_statistics() where made > 0;
    return made;
end
$$;

create or replace function storage.partitions(name text) returns table (part regclass, ends timestamptz)
    language sql stable
    as $$
    select c.oid::regclass, substring(pg_get_expr(c.relpartbound, c.oid) from $re$TO \('([^']+)'\)$re$)::timestamptz
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = format('private.%I', partitions.name)::regclass
$$;

-- The partition boundary where dropping everything before `cutoff` would end. Null if no partition is before it.
create or replace function storage.drop_boundary(name text, cutoff timestamptz) returns timestamptz
    language sql stable
    as $$
    select max(ends) from storage.partitions(name) where ends <= cutoff
$$;

-- Blocks writers, not readers, of what drop_before() would drop, until the transaction ends.
create or replace function storage.hold_before(name text, cutoff timestamptz) returns void
    language plpgsql
    set lock_timeout = '250ms'
    as $$
#variable_conflict use_variable
declare
    part regclass;
begin
    for part in select p.part from storage.partitions(name) p where p.ends <= cutoff loop
        execute format('lock table only %s in share row exclusive mode', part);
    end loop;
end
$$;

-- Fails at once rather than letting everybody queue behind a lock that a long reader blocks; the caller retries (brief-locks.ts).
create or replace function storage.drop_before(name text, cutoff timestamptz) returns integer
    language plpgsql
    set lock_timeout = '250ms'
    as $$
#variable_conflict use_variable
declare
    part regclass;
    dropped integer := 0;
begin
    for part in select p.part from storage.partitions(name) p where p.ends <= cutoff loop
        execute format('drop table %s', part);
        dropped := dropped + 1;
    end loop;
    return dropped;
end
$$;

create or replace function storage.hypertable_bytes(name text) returns bigint
    language sql stable
    as $$
    select sum(pg_total_relation_size(relid))::bigint from pg_partition_tree(format('private.%I', name)::regclass)
$$;

-- Only TimescaleDB has jobs of its own, which any login can add.
create or replace function storage.end_jobs(login text) returns void
    language sql
    as $$
    select
$$;

-- Number of partitions; nothing is compressed here.
create or replace function storage.parts(name text) returns table (parts bigint, row_bytes bigint, column_bytes bigint)
    language sql stable
    as $$
    select count(*), 0::bigint, 0::bigint from storage.partitions(name)
$$;
