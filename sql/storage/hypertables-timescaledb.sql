create or replace function storage.make_hypertable(name text, time_column text, chunk_width interval) returns void
    language plpgsql
    as $$
begin
    perform create_hypertable(format('private.%I', name)::regclass, by_range(time_column::name, chunk_width),
        create_default_indexes => false);
    perform storage.protect(format('private.%I', name));
    insert into storage.hypertables (name, time_column, chunk_width) values (name, time_column, chunk_width);
end
$$;

-- Chunks make themselves; what is left to do is the second lock on those that have appeared: chunks inherit grants, not policies.
create or replace function storage.make_partitions(name text, since timestamptz, until timestamptz) returns integer
    language plpgsql
    set lock_timeout = '5s'
    as $$
#variable_conflict use_variable
declare
    chunk record;
    locked integer := 0;
begin
    for chunk in
        select c.chunk_schema, c.chunk_name
        from timescaledb_information.chunks c
        join pg_class r on r.oid = format('%I.%I', c.chunk_schema, c.chunk_name)::regclass
        where c.hypertable_schema = 'private' and c.hypertable_name = name and not r.relrowsecurity
    loop
        execute format('alter table %I.%I enable row level security', chunk.chunk_schema, chunk.chunk_name);
        locked := locked + 1;
    end loop;
    return locked;
end
$$;

-- Where dropping everything before `cutoff` would end: at a chunk's edge. Null where no chunk lies before it.
create or replace function storage.drop_boundary(name text, cutoff timestamptz) returns timestamptz
    language sql stable
    as $$
    select max(c.range_end) from timescaledb_information.chunks c
    where c.hypertable_schema = 'private' and c.hypertable_name = drop_boundary.name and c.range_end <= cutoff
$$;

create or replace function storage.drop_before(name text, cutoff timestamptz) returns integer
    language plpgsql
    set lock_timeout = '5s'
    as $$
begin
    return (select count(*) from drop_chunks(format('private.%I', name)::regclass, older_than => cutoff));
end
$$;

create or replace function storage.hypertable_bytes(name text) returns bigint
    language sql stable
    set search_path = storage, public, pg_temp
    as $$
    select hypertable_size(format('private.%I', name)::regclass)
$$;
