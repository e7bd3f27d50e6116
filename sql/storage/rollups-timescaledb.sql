-- A continuous aggregate with its live tail. The engine refuses to make one over a table with row security, and allows
-- row security to come back in the same transaction.
create or replace function storage.make_rollup(
    name text, source text, time_column text, width interval, dims text[], measures text[], filter text
) returns void
    language plpgsql
    set search_path = storage, public, pg_temp
    as $$
#variable_conflict use_variable
declare
    protected boolean := exists (select from storage.hypertables h where h.name = source);
begin
    insert into storage.rollups (name, source, width, materialised_to)
        values (name, source, width, time_bucket(width, now()));
    if protected then
        execute format('alter table private.%I no force row level security, disable row level security', source);
    end if;
    execute format('create materialized view private.%I
        with (timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.create_group_indexes = false)
        as %s with no data', name, storage.rollup_query(source, time_column, width, dims, measures, filter));
    execute format('create index on private.%I (tenant_id, bucket)', name);
    if protected then
        execute format('alter table private.%I enable row level security, force row level security', source);
    end if;
    execute format('grant select on private.%I to mirante_views', name);
end
$$;

create or replace function storage.drop_rollup_before(name text, cutoff timestamptz) returns integer
    language plpgsql
    as $$
begin
    return (select count(*) from drop_chunks(format('private.%I', name)::regclass, older_than => cutoff));
end
$$;
