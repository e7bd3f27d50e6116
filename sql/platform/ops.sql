-- What operations sees of the platform itself, and the zone and widths that all of ops uses.
set local role mirante_owner;

-- Operations uses the zone of its own tenant, which the first API process creates.
create function ops.own_tenant() returns uuid
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select id from private.tenants where kind = 'operations' order by id limit 1
$$;

create function ops.zone() returns text
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select coalesce((select timezone from private.tenants where kind = 'operations' order by id limit 1), 'UTC')
$$;

-- Seconds of a bucket that are in the window and have passed.
create function ops.seconds_of(bucket timestamptz, width text, since timestamptz, until timestamptz, zone text) returns double precision
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select greatest(1, extract(epoch from least(until, now(), case width when 'total' then until when 'hour' then bucket + interval '1 hour'
        else storage.first_instant(date_trunc(width, bucket at time zone zone) + ('1 ' || width)::interval, zone) end)
        - greatest(bucket, since)))::double precision
$$;

-- Start of the month that contains an instant.
create function ops.month_start(at timestamptz) returns timestamptz
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select storage.first_instant(date_trunc('month', at at time zone ops.zone()), ops.zone())
$$;

create view ops.heartbeats with (security_barrier) as
    select queue, beat_at from private.heartbeats;

create view ops.restore_drills with (security_barrier) as
    select started_at, ended_at, kind, passed, backup_seconds, restore_seconds, bytes, tables, records, figures, detail
    from private.restore_drills;

-- Every table split by time and every roll-up. `events`: the number of raw events, from the daily roll-up.
create function ops.storage() returns table (
    relation text, kind text, bytes bigint, events bigint, parts bigint, row_bytes bigint, column_bytes bigint, retained_from timestamptz
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    -- As in ops.activity().
    set enable_seqscan = off
    set enable_indexscan = off
    as $$
    select h.name, 'raw', storage.hypertable_bytes(h.name),
        case h.name when 'events' then (select sum(e.events)::bigint from private.events_daily e where e.bucket >= h.retained_from) end,
        p.parts, p.row_bytes, p.column_bytes, nullif(h.retained_from, '-infinity')
    from storage.hypertables h, lateral storage.parts(h.name) p
    union all
    select r.name, 'roll-up', storage.rollup_bytes(r.name), null, null, null, null, nullif(r.retained_from, '-infinity')
    from storage.rollups r
$$;

reset role;
