-- A continuous aggregate with its live tail. The engine does not create one over a table with row security, but allows row
-- security to be restored in the same transaction.
create or replace function storage.make_rollup(
    name text, source text, time_column text, width interval, dims text[], measures text[], filter text
) returns void
    language plpgsql
    set search_path = storage, public, pg_temp
    as $$
#variable_conflict use_variable
declare
    -- Off where the source has its columnstore on, and then it stays off.
    protected boolean := (select c.relrowsecurity from pg_class c where c.oid = format('private.%I', source)::regclass);
    -- Retention drops whole chunks, and the engine's own choice would be 70 days for hours and 700 for days.
    chunk interval := case when width < interval '1 day' then '28 days' else '91 days' end;
begin
    insert into storage.rollups (name, source, width, materialised_to)
        values (name, source, width, time_bucket(width, now()));
    if protected then
        execute format('alter table private.%I no force row level security, disable row level security', source);
    end if;
    execute format('create materialized view private.%I
        with (timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.create_group_indexes = false,
            timescaledb.chunk_interval = %L)
        as %s with no data', name, chunk, storage.rollup_query(source, time_column, width, dims, measures, filter));
    execute format('create index on private.%I (tenant_id, bucket)', name);
    if protected then
        execute format('alter table private.%I enable row level security, force row level security', source);
    end if;
    execute format('grant select on private.%I to mirante_views', name);
end
$$;

-- The engine itself knows what changed, and refreshes whole buckets.
create or replace function storage.make_refresh(
    name text, source text, time_column text, width interval, dims text[], measures text[], filter text
) returns void
    language sql
    as $$
    select
$$;

-- The engine itself ensures that no group occurs twice in a bucket.
create or replace function storage.key_rollup(name text, dims integer) returns void
    language sql
    as $$
    select
$$;

-- The relation with the refreshed rows, without the live tail.
create or replace function storage.rollup_rows(name text) returns regclass
    language sql stable
    as $$
    select format('%I.%I', a.materialization_hypertable_schema, a.materialization_hypertable_name)::regclass
    from timescaledb_information.continuous_aggregates a
    where a.view_schema = 'private' and a.view_name = rollup_rows.name
$$;

-- The chunk boundary where dropping everything before `cutoff` would end. Null if no chunk is before it.
create or replace function storage.rollup_boundary(name text, cutoff timestamptz) returns timestamptz
    language sql stable
    set search_path = pg_catalog, public, pg_temp
    as $$
    select max(c.range_end)
    from timescaledb_information.continuous_aggregates a
        join timescaledb_information.chunks c
            on c.hypertable_schema = a.materialization_hypertable_schema and c.hypertable_name = a.materialization_hypertable_name
    where a.view_schema = 'private' and a.view_name = rollup_boundary.name and c.range_end <= cutoff
$$;

create or replace function storage.drop_rollup_before(name text, cutoff timestamptz) returns integer
    language plpgsql
    set lock_timeout = '250ms'
    as $$
begin
    return (select count(*) from drop_chunks(format('private.%I', name)::regclass, older_than => cutoff));
end
$$;

-- Erases one tenant's rows of any age. Call it after the tenant's raw rows are gone, so that a later refresh does not recreate
-- any.
create or replace function storage.erase_rollup_tenant(name text, tenant uuid) returns bigint
    language plpgsql
    as $$
declare
    erased bigint;
begin
    execute format('delete from %s where tenant_id = $1', storage.rollup_rows(name)) using tenant;
    get diagnostics erased = row_count;
    return erased;
end
$$;

-- Makes readers see rows that were inserted into the roll-up directly. The engine reads the roll-up only up to its last refresh,
-- and updates that limit whenever chunks are dropped, even if none match.
create or replace function storage.adopt_rollup_rows(name text) returns void
    language plpgsql
    as $$
begin
    perform drop_chunks(format('private.%I', name)::regclass, older_than => timestamptz '1970-01-01');
end
$$;

create or replace function storage.rollup_bytes(name text) returns bigint
    language sql stable
    set search_path = storage, public, pg_temp
    as $$
    select hypertable_size(format('%I.%I', c.materialization_hypertable_schema, c.materialization_hypertable_name)::regclass)
    from timescaledb_information.continuous_aggregates c
    where c.view_schema = 'private' and c.view_name = name
$$;
