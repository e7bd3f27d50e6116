set local role mirante_owner;

-- Creates private.read_events() and its like: the same for all tenants. No login may call them.
select storage.make_readers('private');

-- Accepted events by tenant, without canaries, whose events the platform sends itself. The planner cannot know how small the live
-- tail of a roll-up is. Without a tenant in the filter it would read whole partitions in the order of their key, which takes
-- seconds. So only bitmap scans are allowed: they use the indexes over time.
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
            from private.read_events(since, until, days) r
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

-- How far the roll-ups are behind: hours with late events that wait for a refresh, and the time up to which every event is
-- counted.
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

reset role;
