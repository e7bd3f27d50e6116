-- A roll-up is a table, refreshed from the query's own text, and a view that adds the live tail: rows that the table does not
-- hold yet are grouped while they are read, so that a reader never sees a difference.
create or replace function storage.make_rollup(
    name text, source text, time_column text, width interval, dims text[], measures text[], filter text
) returns void
    language plpgsql
    set search_path = storage, public, pg_temp
    as $$
declare
    rows_table text := name || '_rows';
    filled text := format('private.%I', rows_table);
    tail text;
begin
    insert into storage.rollups (name, source, width, materialised_to)
        values (name, source, width, time_bucket(width, now()));
    execute format('create table %s as %s with no data', filled,
        storage.rollup_query(source, time_column, width, dims, measures, filter));
    execute format('create index on %s (tenant_id, bucket)', filled);
    execute format('create index on %s (bucket)', filled);
    perform storage.key_rollup(name, cardinality(dims));
    perform storage.protect(filled);
    tail := storage.rollup_query(source, time_column, width, dims, measures, format(
        '(%s) and %I >= (select materialised_to from storage.rollups where name = %L)', filter, time_column, name));
    -- It reads with its owner's rights, because a security invoker would ask them of every login, so gate 2 is spelt out.
    execute format('create view private.%I as
        select * from (
            select * from %s where bucket < (select materialised_to from storage.rollups where name = %L) union all %s
        ) r where (select current_user = ''mirante_owner'') or tenant_id = (select private.current_tenant())',
        name, filled, name, tail);
    execute format('grant select on private.%I to mirante_views', name);
    execute format('grant select on storage.rollups to mirante_views');
    perform storage.make_refresh(name, source, time_column, width, dims, measures, filter);
end
$$;

-- The two functions that refresh a roll-up: whole buckets of all tenants, and parts, each some adjacent buckets of one tenant.
-- Parts read and write nothing of other tenants, through the keys of both tables.
create or replace function storage.make_refresh(
    name text, source text, time_column text, width interval, dims text[], measures text[], filter text
) returns void
    language plpgsql
    set search_path = storage, public, pg_temp
    as $$
declare
    filled text := format('private.%I', name || '_rows');
    -- The buckets that parts name are never in the live tail of a source, and a view would be read as a whole.
    read_from text := case when to_regclass(format('private.%I', source || '_rows')) is null then source else source || '_rows' end;
begin
    -- In the order of the key, so that one tenant's bins of an hour lie on a page or two and not each on its own.
    execute format($make$
        create or replace function storage.%I(since timestamptz, until timestamptz) returns void
            language plpgsql set search_path = storage, public, pg_temp
            as $body$
        begin
            delete from %s where bucket >= since and bucket < until;
            insert into %s %s order by 1, 2;
        end
        $body$ $make$,
        'refresh_' || name, filled, filled, storage.rollup_query(source, time_column, width, dims, measures,
            format('(%s) and %I >= since and %I < until', filter, time_column, time_column)));
    -- Whatever the planner believes of a new partition, it looks up each part by the key.
    execute format($make$
        create or replace function storage.%I(tenants uuid[], sinces timestamptz[], untils timestamptz[]) returns void
            language plpgsql set search_path = storage, public, pg_temp set enable_hashjoin = off set enable_mergejoin = off
            as $body$
        begin
            delete from %s r using unnest(tenants, sinces, untils) as part (tenant, since, until)
                where r.tenant_id = part.tenant and r.bucket >= part.since and r.bucket < part.until;
            insert into %s %s order by 1, 2;
        end
        $body$ $make$,
        'refresh_parts_of_' || name, filled, filled, replace(
            storage.rollup_query(read_from, time_column, width, dims, measures, filter),
            format(' from private.%I where ', read_from),
            format(' from unnest(tenants, sinces, untils) as part (tenant, since, until)
                join private.%I on tenant_id = part.tenant and %I >= part.since and %I < part.until where ',
                read_from, time_column, time_column)));
end
$$;

-- A unique key: no group occurs twice in a bucket, whoever inserts it. If one does already, the greater count stays and the
-- bucket is marked for recomputation. The columns of a roll-up are tenant, bucket, dimensions, then the summed columns; the first
-- of these is the count.
create or replace function storage.key_rollup(name text, dims integer) returns void
    language plpgsql
    set search_path = storage, public, pg_temp
    as $$
#variable_conflict use_variable
declare
    rows_in regclass := storage.rollup_rows(name);
    key text := name || '_key';
    columns text := (select string_agg(quote_ident(a.attname), ', ' order by a.attnum)
        from pg_attribute a where a.attrelid = rows_in and a.attnum between 1 and 2 + dims);
    counted name := (select a.attname from pg_attribute a where a.attrelid = rows_in and a.attnum = 3 + dims);
    doubled boolean;
begin
    if to_regclass(format('private.%I', key)) is not null then
        return;
    end if;
    execute format('lock table %s in share row exclusive mode', rows_in);
    execute format('select exists (select from %s group by %s having count(*) > 1)', rows_in, columns) into doubled;
    if doubled then
        execute format('
            with placed as materialized (
                select ctid as place, tenant_id, bucket, row_number() over (partition by %s order by %I desc nulls last) as n from %s
            ), gone as (
                delete from %s r using placed p where r.ctid = p.place and p.n > 1
            )
            insert into private.dirty_hours (tenant_id, hour, forced)
            select distinct tenant_id, bucket, true from placed where n > 1', columns, counted, rows_in, rows_in);
    end if;
    execute format('create unique index %I on %s (%s) nulls not distinct', key, rows_in, columns);
end
$$;

-- Never recomputes from before the rows that the source still holds completely: that would erase the aggregate.
create or replace function storage.refresh_rollup(name text, since timestamptz, until timestamptz) returns void
    language plpgsql
    as $$
declare
    first timestamptz := greatest(since, storage.first_whole_bucket(name));
begin
    if first < until then
        execute format('select storage.%I($1, $2)', 'refresh_' || name) using first, until;
    end if;
end
$$;

-- Recomputes parts of a roll-up: of each tenant, the buckets of [since, until). The same limit holds as for whole buckets.
create or replace function storage.refresh_rollup_parts(
    name text, tenants uuid[], sinces timestamptz[], untils timestamptz[]
) returns void
    language plpgsql
    as $$
declare
    first timestamptz := storage.first_whole_bucket(name);
begin
    select array_agg(p.tenant), array_agg(greatest(p.since, first)), array_agg(p.until) into tenants, sinces, untils
    from unnest(tenants, sinces, untils) p (tenant, since, until) where p.until > first;
    if tenants is not null then
        execute format('select storage.%I($1, $2, $3)', 'refresh_parts_of_' || name) using tenants, sinces, untils;
    end if;
end
$$;

create or replace function storage.rollup_boundary(name text, cutoff timestamptz) returns timestamptz
    language sql stable
    set search_path = storage, public, pg_temp
    as $$
    select time_bucket(r.width, cutoff) from storage.rollups r where r.name = rollup_boundary.name
$$;

create or replace function storage.drop_rollup_before(name text, cutoff timestamptz) returns integer
    language plpgsql
    as $$
declare
    dropped integer;
begin
    execute format('delete from private.%I where bucket < $1', name || '_rows') using cutoff;
    get diagnostics dropped = row_count;
    return dropped;
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
    execute format('delete from private.%I where tenant_id = $1', name || '_rows') using tenant;
    get diagnostics erased = row_count;
    return erased;
end
$$;

-- The relation with the refreshed rows, without the live tail.
create or replace function storage.rollup_rows(name text) returns regclass
    language sql stable
    as $$
    select format('private.%I', name || '_rows')::regclass
$$;

-- Nothing to do: readers read all rows that exist.
create or replace function storage.adopt_rollup_rows(name text) returns void
    language sql
    as $$
    select
$$;

create or replace function storage.rollup_bytes(name text) returns bigint
    language sql stable
    as $$
    select pg_total_relation_size(format('private.%I', name || '_rows')::regclass)
$$;
