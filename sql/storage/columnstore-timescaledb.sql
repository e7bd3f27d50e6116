-- One switch or one chunk at a time, under a lock that is waited for, because a chunk may take long. A lock that a long reader
-- blocks is not waited for, because everybody would queue behind it: each step fails quickly and is retried (brief-locks.ts).

-- The engine does not allow row security and columnstore on one table. So gate 2 is removed and compression added in one
-- transaction, while the views (gate 1) stay. Policies stay defined. Returns whether anything was switched.
create or replace function storage.columnstore_on(name text, after interval) returns boolean
    language plpgsql
    as $$
#variable_conflict use_variable
declare
    switched boolean;
    by_time text := (select h.time_column from storage.hypertables h where h.name = name);
begin
    perform storage.take_lock('columnstore');
    set local lock_timeout = '1s';
    switched := not storage.has_columnstore(name);
    update storage.hypertables h set columnstore_after = after where h.name = name;
    if switched then
        execute format('alter table private.%I no force row level security, disable row level security', name);
        execute format('alter table private.%I set (timescaledb.enable_columnstore, timescaledb.segmentby = ''tenant_id'',
            timescaledb.orderby = %L)', name, format('%I, id', by_time));
    end if;
    return switched;
end
$$;

create or replace function storage.has_columnstore(name text) returns boolean
    language sql stable
    as $$
    select h.compression_enabled from timescaledb_information.hypertables h
    where h.hypertable_schema = 'private' and h.hypertable_name = has_columnstore.name
$$;

-- Chunks with columnstore data, and chunks that are due for it: old enough, and with rows outside it.
create or replace function storage.columnstore_parts(name text) returns table (
    part regclass, ends timestamptz, converted boolean, due boolean, row_bytes bigint, column_bytes bigint
)
    language sql stable
    set search_path = storage, public, pg_temp
    as $$
    select p.part, c.range_end, c.is_compressed,
        coalesce(c.range_end <= now() - h.columnstore_after, false)
            and (not c.is_compressed or _timescaledb_functions.chunk_status(p.part) <> 1),
        s.before_compression_total_bytes, s.after_compression_total_bytes
    from storage.hypertables h
        join timescaledb_information.chunks c on c.hypertable_schema = 'private' and c.hypertable_name = h.name
        join chunk_columnstore_stats(format('private.%I', h.name)::regclass) s using (chunk_schema, chunk_name),
        lateral (select format('%I.%I', c.chunk_schema, c.chunk_name)::regclass) as p (part)
    where h.name = columnstore_parts.name
    order by c.range_end
$$;

-- Converts one chunk. In the same transaction, the table of its compressed rows gets the second lock and hidden statistics. False
-- if the columnstore was switched off in the meantime, or another has converted the chunk.
create or replace function storage.to_columnstore(name text, part regclass) returns boolean
    language plpgsql
    as $$
#variable_conflict use_variable
begin
    perform storage.take_lock('columnstore');
    set local lock_timeout = '1s';
    if not exists (select from storage.columnstore_parts(name) p where p.part = part and p.due) then
        return false;
    end if;
    call public.convert_to_columnstore(part);
    perform storage.lock_chunks(), storage.hide_statistics();
    return true;
end
$$;

-- Stops converting chunks. Converted chunks can then be converted back one by one.
create or replace function storage.stop_columnstore(name text) returns boolean
    language plpgsql
    as $$
begin
    perform storage.take_lock('columnstore');
    update storage.hypertables h set columnstore_after = null where h.name = stop_columnstore.name;
    return storage.has_columnstore(name);
end
$$;

create or replace function storage.to_rowstore(part regclass) returns void
    language plpgsql
    set lock_timeout = '1s'
    as $$
begin
    call public.convert_to_rowstore(part);
end
$$;

-- Removes compression and restores gate 2 in one transaction. The engine rejects this while a converted chunk is left.
create or replace function storage.columnstore_off(name text) returns void
    language plpgsql
    as $$
begin
    perform storage.take_lock('columnstore');
    set local lock_timeout = '1s';
    execute format('alter table private.%I set (timescaledb.enable_columnstore = false)', name);
    execute format('alter table private.%I enable row level security, force row level security', name);
end
$$;

-- Number of chunks, and the sizes of converted ones before and now.
create or replace function storage.parts(name text) returns table (parts bigint, row_bytes bigint, column_bytes bigint)
    language sql stable
    as $$
    select (select count(*) from timescaledb_information.chunks c
            where c.hypertable_schema = 'private' and c.hypertable_name = parts.name),
        coalesce(sum(p.row_bytes) filter (where p.converted), 0)::bigint, coalesce(sum(p.column_bytes) filter (where p.converted), 0)::bigint
    from storage.columnstore_parts(parts.name) p
$$;
