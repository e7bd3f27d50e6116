-- The platform as a whole: what comes in, what waits, what is kept.
set local role mirante_owner;

-- Times of operations are in the zone of its own tenant, which the first API process makes.
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

-- Seconds of a bucket that lie in the window and are over.
create function ops.seconds_of(bucket timestamptz, width text, since timestamptz, until timestamptz, zone text) returns double precision
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select greatest(1, extract(epoch from least(until, now(), case width when 'total' then until when 'hour' then bucket + interval '1 hour'
        else storage.first_instant(date_trunc(width, bucket at time zone zone) + ('1 ' || width)::interval, zone) end)
        - greatest(bucket, since)))::double precision
$$;

-- Start of the month that holds an instant.
create function ops.month_start(at timestamptz) returns timestamptz
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select storage.first_instant(date_trunc('month', at at time zone ops.zone()), ops.zone())
$$;

-- Events accepted, by tenant; not those of canaries, which the platform sends itself. How little a roll-up's live tail is, the planner
-- cannot know: where no tenant leads it to a few rows, it would read whole partitions in the order of their key, seconds long. So it
-- gets bitmaps, which the indexes over time serve.
create function ops.activity(since timestamptz, until timestamptz, width text) returns table (
    bucket timestamptz, tenant text, kind text, events bigint, failures bigint, bytes bigint
)
    language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_indexscan = off
    set plan_cache_mode = force_custom_plan
    as $$
#variable_conflict use_column
declare
    zone text := ops.zone();
    days timestamptz[] := storage.whole_days(since, until, width, zone);
    bucket_starts timestamptz[] := storage.starts(since, until, width, zone);
begin
    return query
        select s.bucket, t.slug, t.kind, s.events, s.failures, s.bytes
        from (
            select storage.bucket_of(r.bucket, bucket_starts) as bucket, r.tenant_id, sum(r.events)::bigint as events,
                coalesce(sum(r.events) filter (where r.outcome = 'failure'), 0)::bigint as failures, sum(r.bytes)::bigint as bytes
            from (
                select tenant_id, bucket, outcome, events, bytes from private.events_daily
                where days[1] < days[2] and bucket >= days[1] and bucket < days[2]
                union all
                select tenant_id, bucket, outcome, events, bytes from private.events_hourly
                where since < days[1] and bucket >= since and bucket < days[1]
                union all
                select tenant_id, bucket, outcome, events, bytes from private.events_hourly
                where days[2] < until and bucket >= days[2] and bucket < until
            ) r
            group by 1, 2
        ) s
            join private.tenants t on t.id = s.tenant_id
        where t.kind <> 'canary'
        order by 1, 2;
end
$$;

create function ops.ingest(since timestamptz, until timestamptz, width text) returns table (
    bucket timestamptz, kind text, events bigint, bytes bigint, per_second double precision
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select a.bucket, a.kind, sum(a.events)::bigint, sum(a.bytes)::bigint,
        sum(a.events)::double precision / ops.seconds_of(a.bucket, width, since, until, ops.zone())
    from ops.activity(since, until, width) a
    group by 1, 2 order by 1, 2
$$;

-- What was refused, by its reason, at all tenants together: tenant by tenant along the key, because no index is led by the time.
create function ops.quarantined(since timestamptz, until timestamptz, width text) returns table (
    bucket timestamptz, status text, code text, refused bigint, waiting bigint
)
    language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_custom_plan
    as $$
#variable_conflict use_column
declare
    zone text := ops.zone();
    bucket_starts timestamptz[];
begin
    perform storage.whole_days(since, until, width, zone);
    bucket_starts := storage.starts(since, until, width, zone);
    return query
        select storage.bucket_of(date_trunc('hour', q.received_at, 'UTC'), bucket_starts), q.status, q.code, count(*),
            count(*) filter (where q.replayed_at is null)
        from private.tenants t join private.quarantine q on q.tenant_id = t.id
        where t.kind <> 'canary' and q.received_at >= since and q.received_at < until
        group by 1, 2, 3 order by 1, 2, 3;
end
$$;

-- How far behind the roll-ups are: hours with late events that wait for their refresh, and up to when all is counted.
create function ops.refresh_lag() returns table (
    watermark timestamptz, lag_seconds double precision, waiting_hours bigint, oldest_hour timestamptz, materialised_to timestamptz
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select coalesce(d.oldest, now()), extract(epoch from now() - coalesce(d.oldest, now()))::double precision, d.hours, d.oldest, r.made_to
    from (select max(materialised_to) as made_to from storage.rollups) r,
        lateral (select count(distinct hour) as hours, min(hour) as oldest from private.dirty_hours where hour < r.made_to) d
$$;

-- The last night's proof that what was receipted is stored and rolled up, for each tenant; first those where it is not.
create function ops.reconciliation() returns table (
    tenant text, ran_at timestamptz, hours bigint, receipts bigint, raw bigint, rolled_up bigint, quarantined bigint, differences bigint,
    first_difference jsonb
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select coalesce(t.slug, r.tenant_id::text), r.ran_at, r.hours, r.receipts, r.raw, r.rolled_up, r.quarantined, r.differences, r.first_difference
    from private.reconciliations r left join private.tenants t on t.id = r.tenant_id
    where r.ran_at > now() - interval '2 days' and t.kind is distinct from 'canary'
        and r.ran_at = (select max(o.ran_at) from private.reconciliations o where o.tenant_id = r.tenant_id)
    order by r.differences desc, 1
$$;

-- Every table split by time and every roll-up. `events`: how many the raw ones are, from the daily roll-up.
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
