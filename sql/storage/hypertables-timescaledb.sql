create or replace function storage.make_hypertable(name text, time_column text, chunk_width interval) returns void
    language plpgsql
    as $$
begin
    perform create_hypertable(format('private.%I', name)::regclass, by_range(time_column::name, chunk_width),
        create_default_indexes => false);
    perform storage.protect(format('private.%I', name)) where storage.has_tenants(name);
    insert into storage.hypertables (name, time_column, chunk_width) values (name, time_column, chunk_width);
end
$$;

-- The second lock on each chunk, including chunks of roll-ups and of compressed rows: no policy at all, so that a leaked grant on
-- one chunk opens nothing. Chunks inherit grants, not policies.
create or replace function storage.lock_chunks() returns integer
    language plpgsql
    set lock_timeout = '250ms'
    as $$
declare
    chunk regclass;
    locked integer := 0;
begin
    for chunk in
        select c.oid::regclass from pg_class c
        where c.relnamespace = '_timescaledb_internal'::regnamespace and c.relkind = 'r' and not c.relrowsecurity
            and c.relowner = current_user::regrole and not starts_with(c.relname, '_materialized_hypertable_')
    loop
        execute format('alter table %s enable row level security', chunk);
        locked := locked + 1;
    end loop;
    return locked;
end
$$;

-- TimescaleDB creates chunks itself; this only locks new ones.
create or replace function storage.make_partitions(name text, since timestamptz, until timestamptz) returns integer
    language sql
    as $$
    select storage.lock_chunks()
$$;

-- The chunk boundary where dropping everything before `cutoff` would end. Null if no chunk is before it.
create or replace function storage.drop_boundary(name text, cutoff timestamptz) returns timestamptz
    language sql stable
    as $$
    select max(c.range_end) from timescaledb_information.chunks c
    where c.hypertable_schema = 'private' and c.hypertable_name = drop_boundary.name and c.range_end <= cutoff
$$;

-- Blocks writers, not readers, of what drop_before() would drop, until the transaction ends.
create or replace function storage.hold_before(name text, cutoff timestamptz) returns void
    language plpgsql
    set lock_timeout = '250ms'
    as $$
declare
    chunk regclass;
begin
    for chunk in select show_chunks(format('private.%I', name)::regclass, older_than => cutoff) loop
        execute format('lock table only %s in share row exclusive mode', chunk);
    end loop;
end
$$;

create or replace function storage.drop_before(name text, cutoff timestamptz) returns integer
    language plpgsql
    set lock_timeout = '250ms'
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

-- Any login can add jobs, and one that has jobs cannot be dropped. The caller is a member of the login.
create or replace function storage.end_jobs(login text) returns void
    language sql
    set search_path = storage, public, pg_temp
    as $$
    select delete_job(j.id) from _timescaledb_config.bgw_job j where j.owner::text = login
$$;

-- Number of chunks; the columnstore's own file reports what it has converted.
create or replace function storage.parts(name text) returns table (parts bigint, row_bytes bigint, column_bytes bigint)
    language sql stable
    as $$
    select count(*), 0::bigint, 0::bigint from timescaledb_information.chunks c
    where c.hypertable_schema = 'private' and c.hypertable_name = parts.name
$$;
