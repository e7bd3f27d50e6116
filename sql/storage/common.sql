-- Work that only one may do at a time locks a row of this table. Not an advisory lock: every login of the database can take
-- those, so a customer could block all others. Created here, because functions of the first migrations need it.
create table if not exists storage.locks (name text primary key);
insert into storage.locks values ('access log'), ('alert deliveries'), ('alerts'), ('audit log'), ('benchmarks'), ('columnstore'), ('erasure ledger'), ('exports'), ('imports'), ('isolation audit'), ('journeys'), ('metabase'), ('partitions'), ('privacy requests'), ('refresh'), ('sql logins') on conflict do nothing;

-- Waits until the lock is free and holds it until the transaction ends.
create or replace function storage.take_lock(name text) returns void
    language plpgsql
    as $$
begin
    perform from storage.locks l where l.name = take_lock.name for update;
    if not found then
        raise exception 'The lock % does not exist.', name;
    end if;
end
$$;

-- Adds the second of both gates to a table with a tenant_id: Mirante's views see one tenant, its owner sees all.
create or replace function storage.protect(relation text) returns void
    language plpgsql
    as $$
begin
    execute format('alter table %s enable row level security', relation);
    execute format('alter table %s force row level security', relation);
    execute format('create policy one_tenant on %s to mirante_views
        using (tenant_id = (select private.current_tenant()))
        with check (tenant_id = (select private.current_tenant()))', relation);
    execute format('create policy all_tenants on %s to mirante_owner using (true)', relation);
    execute format('grant select on %s to mirante_views', relation);
end
$$;

-- Whether a table's rows belong to tenants. The platform's own tables have no gates, because no login can reach them.
create or replace function storage.has_tenants(name text) returns boolean
    language sql stable
    as $$
    select exists (select from pg_attribute a where a.attrelid = format('private.%I', name)::regclass and a.attname = 'tenant_id')
$$;

-- The planner's estimates are an oracle: `explain` over a tenant's view would tell how common a value is among all tenants. So no
-- statistics are kept on anything that a client can send; ids, times and counts keep theirs, for the planner. The columns come
-- from the catalogue, so that no later table, partition or chunk is forgotten.
create or replace function storage.hide_statistics() returns integer
    language plpgsql
    set lock_timeout = '5s'
    as $$
declare
    content record;
    hidden integer := 0;
begin
    for content in
        select c.oid::regclass as relation, string_agg(format('alter column %I set statistics 0', a.attname), ', ') as changes
        from pg_class c
            join pg_namespace n on n.oid = c.relnamespace
            join pg_attribute a on a.attrelid = c.oid
        where n.nspname in ('private', '_timescaledb_internal') and c.relkind in ('r', 'p')
            and c.relowner = current_user::regrole
            -- Refused there; estimates come from the chunks below it.
            and not starts_with(c.relname, '_materialized_hypertable_')
            and a.attnum > 0 and not a.attisdropped and a.attstattarget is distinct from 0
            and a.atttypid <> all ('{uuid, timestamptz, date, integer, bigint, numeric, boolean}'::regtype[])
        group by c.oid
    loop
        execute format('alter table %s %s', content.relation, content.changes);
        hidden := hidden + 1;
    end loop;
    return hidden;
end
$$;

-- The one query text of a roll-up, on every engine.
create or replace function storage.rollup_query(
    source text, time_column text, width interval, dims text[], measures text[], filter text
) returns text
    language sql immutable
    as $$
    select format('select tenant_id, time_bucket(%L::interval, %I) as bucket, %s, %s from private.%I where %s group by %s',
        width, time_column, array_to_string(dims, ', '), array_to_string(measures, ', '), source, filter,
        (select string_agg(n::text, ', ' order by n) from generate_series(1, 2 + cardinality(dims)) n))
$$;

create or replace function storage.retained_from(source text) returns timestamptz
    language sql stable
    as $$
    select coalesce(
        (select h.retained_from from storage.hypertables h where h.name = $1),
        (select r.retained_from from storage.rollups r where r.name = $1),
        '-infinity')
$$;

-- The first bucket whose source is complete. Recomputing an earlier one would erase what has been dropped since.
create or replace function storage.first_whole_bucket(rollup text) returns timestamptz
    language sql stable
    set search_path = storage, public, pg_temp
    as $$
    select case when time_bucket(r.width, s.since) = s.since then s.since else time_bucket(r.width, s.since + r.width) end
    from storage.rollups r, lateral storage.retained_from(r.source) as s (since)
    where r.name = rollup
$$;

-- Adds pages written since the last time to the indexes over time; until then each search reads them all. Goes index by index,
-- and fails rather than waiting long behind a vacuum; the job retries.
create or replace function storage.summarise(name text) returns integer
    language plpgsql
    set lock_timeout = '5s'
    as $$
declare
    index regclass;
    ranges integer := 0;
begin
    for index in
        select i.indexrelid::regclass
        from pg_inherits h
            join pg_index i on i.indrelid = h.inhrelid
            join pg_class c on c.oid = i.indexrelid
            join pg_am m on m.oid = c.relam
        where h.inhparent = format('private.%I', name)::regclass and m.amname = 'brin' and c.relkind = 'i'
    loop
        ranges := ranges + brin_summarize_new_values(index);
    end loop;
    return ranges;
end
$$;

-- The whole UTC days of a window, which readers take from the daily roll-up, as their first and last instant. The hours before
-- and after come from the hourly one. Both are `until` if days cannot be used, because a bucket begins within one.
create or replace function storage.whole_days(since timestamptz, until timestamptz, width text, zone text) returns timestamptz[]
    language plpgsql stable
    as $$
declare
    head timestamptz := date_trunc('day', since + interval '1 day' - interval '1 microsecond', 'UTC');
    tail timestamptz := date_trunc('day', until, 'UTC');
begin
    if width is null or width not in ('hour', 'day', 'week', 'month', 'total') then
        raise exception 'width must be hour, day, week, month or total' using errcode = 'invalid_parameter_value';
    end if;
    if since is null or until is null then
        raise exception 'A window needs both a start and an end.' using errcode = 'invalid_parameter_value';
    end if;
    if head >= tail or width = 'hour' or (width <> 'total' and zone <> 'UTC') then
        return array[until, until];
    end if;
    return array[head, tail];
end
$$;

-- Creates the reader of one pair of roll-ups in a schema that shows them both: `read_events` of `events_hourly` and
-- `events_daily`. It alone knows how a window is assembled: whole UTC days from the daily roll-up, the hours before and after
-- them from the hourly one. `days` is what storage.whole_days() returns; the caller computes it, so that the planner sees
-- constants and skips partitions. The reader has no rights of its own and sets nothing. So PostgreSQL inlines it into the calling
-- query, and the caller's filters reach the indexes.
create or replace function storage.make_reader(schema text, noun text) returns void
    language plpgsql
    as $$
declare
    reader text := format('%I.%I(timestamptz, timestamptz, timestamptz[])', schema, 'read_' || noun);
    daily regclass := format('%I.%I', schema, noun || '_daily')::regclass;
    hourly regclass := format('%I.%I', schema, noun || '_hourly')::regclass;
    declared text;
    of_days text;
    of_hours text;
begin
    -- A sum of hours may have a wider type than the hours.
    select string_agg(format('%I %s', d.attname, format_type(d.atttypid, null)), ', ' order by d.attnum),
        string_agg(format('r.%I', d.attname), ', ' order by d.attnum),
        string_agg(format(case when h.atttypid = d.atttypid then 'r.%I' else 'r.%I::%s' end, d.attname, format_type(d.atttypid, null)), ', '
            order by d.attnum)
    into declared, of_days, of_hours
    from pg_attribute d join pg_attribute h on h.attrelid = hourly and h.attname = d.attname and not h.attisdropped
    where d.attrelid = daily and d.attnum > 0 and not d.attisdropped;
    execute 'drop function if exists ' || reader;
    execute format($make$
        create function %I.%I(since timestamptz, until timestamptz, days timestamptz[]) returns table (%s)
            language sql stable
            as $body$
            select %s from %s r where days[1] < days[2] and r.bucket >= days[1] and r.bucket < days[2]
            union all
            select %s from %s r where since < days[1] and r.bucket >= since and r.bucket < days[1]
            union all
            select %s from %s r where days[2] < until and r.bucket >= days[2] and r.bucket < until
        $body$ $make$, schema, 'read_' || noun, declared, of_days, daily, of_hours, hourly, of_hours, hourly);
    execute format('revoke all on function %s from public', reader);
end
$$;

-- Creates the readers of all pairs in the catalogue.
create or replace function storage.make_readers(schema text) returns void
    language sql
    as $$
    select storage.make_reader(schema, regexp_replace(d.name, '_daily$', ''))
    from storage.rollups d join storage.rollups h on h.name = d.source
    order by d.name
$$;

-- When a local day begins: at the first of two midnights, or, where clocks skip midnight, at the end of the gap. Days, weeks and
-- months of a zone begin by this rule only; `startOf` in sql/metrics/windows.ts is the same rule, and a test compares them.
create or replace function storage.first_instant(day timestamp, zone text) returns timestamptz
    language sql stable
    as $$
    select case when ((day at time zone zone) - interval '1 hour') at time zone zone = day then (day at time zone zone) - interval '1 hour'
        else day at time zone zone end
$$;

-- Starts of the buckets from a day before a window to a day after it, in order; null for hours, which each row already has.
create or replace function storage.starts(since timestamptz, until timestamptz, width text, zone text) returns timestamptz[]
    language sql stable
    as $$
    select case width when 'total' then array[since] when 'hour' then null else array(
        select storage.first_instant(day, zone)
        from generate_series(date_trunc(width, (greatest(since, '1970-01-02Z') - interval '1 day') at time zone zone),
            (least(until, now() + interval '1 day') + interval '1 day') at time zone zone, ('1 ' || width)::interval) day) end
$$;

-- The start of the bucket that contains an instant. Without a query of its own, so that it is inlined into the calling query for
-- every row.
create or replace function storage.bucket_of(at timestamptz, starts timestamptz[]) returns timestamptz
    language sql immutable
    as $$
    select case when starts is null then at else starts[greatest(width_bucket(at, starts), 1)] end
$$;
-- Functions of bi run with the rights of mirante_views.
grant usage on schema storage to mirante_views;
