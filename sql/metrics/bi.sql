-- Functions for the cards of dashboards. Each takes a grant of one tenant and opens it in a statement of its own: PostgreSQL skips a check
-- inside `where` when it prunes every partition, and a forged grant would return no rows instead of an error.
-- A window contains the hours that begin in it. `width` is hour, day, week, month (in the tenant's zone) or total.
set local role mirante_views;

create function bi.events(tenant_grant text, since timestamptz, until timestamptz, width text) returns table (
    bucket timestamptz, type text, outcome text, events bigint, bytes bigint
)
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_custom_plan
    as $$
#variable_conflict use_column
declare
    before text := private.open_grant(tenant_grant);
    zone text := (select timezone from app.tenant);
    days timestamptz[] := storage.whole_days(since, until, width, zone);
    bucket_starts timestamptz[] := storage.starts(since, until, width, zone);
begin
    return query
        select storage.bucket_of(r.bucket, bucket_starts), r.type, r.outcome, sum(r.events)::bigint, sum(r.bytes)::bigint
        from app.read_events(since, until, days) r
        group by 1, 2, 3 order by 1, 2, 3;
    perform set_config('app.tenant_id', before, true);
end
$$;

-- Percentiles of latency. There are many bins, so days in any zone are read as UTC days: a UTC day counts for the bucket that
-- contains its noon, and its hours that belong to another bucket are moved to that bucket, as in GET /v1/metrics.
create function bi.latency(tenant_grant text, since timestamptz, until timestamptz, width text, only_type text default null) returns table (
    bucket timestamptz, type text, route text, events bigint, p50 double precision, p95 double precision, p99 double precision
)
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_custom_plan
    as $$
#variable_conflict use_column
declare
    before text := private.open_grant(tenant_grant);
    zone text := (select timezone from app.tenant);
    days timestamptz[] := storage.whole_days(since, until, case when width in ('day', 'week', 'month') then 'total' else width end, zone);
    bucket_starts timestamptz[] := storage.starts(since, until, width, zone);
    moved timestamptz[] := array(
        select h from generate_series(days[1], days[2] - interval '1 hour', '1 hour') h
        where storage.bucket_of(h, bucket_starts) <> storage.bucket_of(date_trunc('day', h, 'UTC') + interval '12 hours', bucket_starts));
begin
    return query
        select b.bucket, b.type, b.route, max(b.total)::bigint,
            private.latency_estimate(min(b.bin) filter (where private.reaches_percentile(b.reached, b.total, 50))),
            private.latency_estimate(min(b.bin) filter (where private.reaches_percentile(b.reached, b.total, 95))),
            private.latency_estimate(min(b.bin) filter (where private.reaches_percentile(b.reached, b.total, 99)))
        from (
            select storage.bucket_of(r.bucket, bucket_starts) as bucket, r.type, r.route, r.bin,
                sum(sum(r.events)) over (partition by storage.bucket_of(r.bucket, bucket_starts), r.type, r.route order by r.bin) as reached,
                sum(sum(r.events)) over (partition by storage.bucket_of(r.bucket, bucket_starts), r.type, r.route) as total
            from (
                select h.bucket + case when h.bucket >= days[1] and h.bucket < days[2] then interval '12 hours' else '0' end as bucket,
                    h.type, h.route, h.bin, h.events
                from app.read_latency(since, until, days) h
                union all
                select m.bucket, h.type, h.route, h.bin, h.events * m.sign
                from app.latency_hourly h, lateral (values (h.bucket, 1),
                    (date_trunc('day', h.bucket, 'UTC') + interval '12 hours', -1)) m (bucket, sign)
                where h.bucket = any (moved)
            ) r
            where only_type is null or r.type = only_type
            group by 1, 2, 3, 4
        ) b
        where b.total > 0
        group by 1, 2, 3 order by 1, 2, 3;
    perform set_config('app.tenant_id', before, true);
end
$$;

create function bi.validations(tenant_grant text, since timestamptz, until timestamptz, width text) returns table (
    bucket timestamptz, marketplace text, outcome text, validations bigint, rows bigint, errors bigint, warnings bigint
)
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_custom_plan
    as $$
#variable_conflict use_column
declare
    before text := private.open_grant(tenant_grant);
    zone text := (select timezone from app.tenant);
    days timestamptz[] := storage.whole_days(since, until, width, zone);
    bucket_starts timestamptz[] := storage.starts(since, until, width, zone);
begin
    return query
        select storage.bucket_of(r.bucket, bucket_starts), r.marketplace, r.outcome, sum(r.validations)::bigint, sum(r.rows)::bigint,
            sum(r.errors)::bigint, sum(r.warnings)::bigint
        from app.read_validations(since, until, days) r
        group by 1, 2, 3 order by 1, 2, 3;
    perform set_config('app.tenant_id', before, true);
end
$$;

create function bi.rules(tenant_grant text, since timestamptz, until timestamptz, width text) returns table (
    bucket timestamptz, marketplace text, rule text, hits bigint, validations bigint
)
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_custom_plan
    as $$
#variable_conflict use_column
declare
    before text := private.open_grant(tenant_grant);
    zone text := (select timezone from app.tenant);
    days timestamptz[] := storage.whole_days(since, until, width, zone);
    bucket_starts timestamptz[] := storage.starts(since, until, width, zone);
begin
    return query
        select storage.bucket_of(r.bucket, bucket_starts), r.marketplace, r.rule, sum(r.hits)::bigint, sum(r.validations)::bigint
        from app.read_rules(since, until, days) r
        group by 1, 2, 3 order by 1, 2, 3;
    perform set_config('app.tenant_id', before, true);
end
$$;

create function bi.corrections(tenant_grant text, since timestamptz, until timestamptz, width text) returns table (
    bucket timestamptz, marketplace text, rule text, corrections bigint, rows bigint
)
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_custom_plan
    as $$
#variable_conflict use_column
declare
    before text := private.open_grant(tenant_grant);
    zone text := (select timezone from app.tenant);
    days timestamptz[] := storage.whole_days(since, until, width, zone);
    bucket_starts timestamptz[] := storage.starts(since, until, width, zone);
begin
    return query
        select storage.bucket_of(r.bucket, bucket_starts), r.marketplace, r.rule, sum(r.corrections)::bigint, sum(r.rows)::bigint
        from app.read_corrections(since, until, days) r
        group by 1, 2, 3 order by 1, 2, 3;
    perform set_config('app.tenant_id', before, true);
end
$$;

-- Every hour of the week (day 1 is Monday) in the tenant's zone, for each marketplace of the window. Hours without events are
-- zero.
create function bi.week_hours(tenant_grant text, since timestamptz, until timestamptz, width text) returns table (
    bucket timestamptz, marketplace text, day integer, weekday text, hour text, validations bigint, failures bigint, errors bigint
)
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_custom_plan
    as $$
#variable_conflict use_column
declare
    before text := private.open_grant(tenant_grant);
    zone text := (select timezone from app.tenant);
    names text[] := (select case locale when 'pt-BR' then '{seg,ter,qua,qui,sex,sáb,dom}' else '{Mon,Tue,Wed,Thu,Fri,Sat,Sun}' end::text[]
        from app.tenant);
    bucket_starts timestamptz[];
begin
    perform storage.whole_days(since, until, width, zone);
    bucket_starts := storage.starts(since, until, width, zone);
    return query
        with found as materialized (
            select storage.bucket_of(h.bucket, bucket_starts) as bucket, h.marketplace,
                extract(isodow from h.bucket at time zone zone)::integer as day, extract(hour from h.bucket at time zone zone)::integer as hour,
                sum(h.validations)::bigint as validations,
                coalesce(sum(h.validations) filter (where h.outcome = 'failure'), 0)::bigint as failures,
                coalesce(sum(h.errors), 0)::bigint as errors
            from app.validations_hourly h
            where h.bucket >= since and h.bucket < until
            group by 1, 2, 3, 4
        )
        select g.bucket, g.marketplace, g.day, names[g.day], to_char(g.hour, 'FM00'), coalesce(f.validations, 0), coalesce(f.failures, 0),
            coalesce(f.errors, 0)
        from (
            select b.bucket, b.marketplace, day, hour
            from (select distinct bucket, marketplace from found) b, generate_series(1, 7) day, generate_series(0, 23) hour
        ) g
            left join found f on f.bucket = g.bucket and f.marketplace is not distinct from g.marketplace and f.day = g.day and f.hour = g.hour
        order by g.bucket, g.marketplace, g.day, g.hour;
    perform set_config('app.tenant_id', before, true);
end
$$;

revoke all on function bi.events, bi.latency, bi.validations, bi.rules, bi.corrections, bi.week_hours from public;
grant execute on function bi.events, bi.latency, bi.validations, bi.rules, bi.corrections, bi.week_hours to mirante_metabase;

reset role;
