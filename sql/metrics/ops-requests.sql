-- The API's own requests: events of the operations tenant, read from its roll-ups.
set local role mirante_owner;

-- Number of requests per bucket, route and latency bin. The functions below share it.
create function ops.request_bins(since timestamptz, until timestamptz, width text) returns table (
    bucket timestamptz, route text, bin smallint, requests numeric
)
    language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_custom_plan
    as $$
#variable_conflict use_column
declare
    zone text := ops.zone();
    own uuid := ops.own_tenant();
    days timestamptz[] := storage.whole_days(since, until, width, zone);
    bucket_starts timestamptz[] := storage.starts(since, until, width, zone);
begin
    return query
        select storage.bucket_of(r.bucket, bucket_starts), r.route, r.bin, sum(r.events)
        from private.read_latency(since, until, days) r
        where r.tenant_id = own and r.type = 'mirante.http.request.v1' and r.route is not null
        group by 1, 2, 3;
end
$$;

-- Percentiles of the requests of some routes, or of all: one row per route, or all together with a null `route`.
create function ops.request_percentiles(since timestamptz, until timestamptz, width text, only_routes text[], by_route boolean) returns table (
    bucket timestamptz, route text, requests bigint, p50 double precision, p95 double precision, p99 double precision
)
    language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_custom_plan
    as $$
#variable_conflict use_column
begin
    return query
        select b.bucket, b.route, max(b.total)::bigint,
            private.latency_estimate(min(b.bin) filter (where private.reaches_percentile(b.reached, b.total, 50))),
            private.latency_estimate(min(b.bin) filter (where private.reaches_percentile(b.reached, b.total, 95))),
            private.latency_estimate(min(b.bin) filter (where private.reaches_percentile(b.reached, b.total, 99)))
        from (
            select s.bucket, s.route, s.bin, sum(s.requests) over (partition by s.bucket, s.route order by s.bin) as reached,
                sum(s.requests) over (partition by s.bucket, s.route) as total
            from (
                select r.bucket, case when by_route then r.route end as route, r.bin, sum(r.requests) as requests
                from ops.request_bins(since, until, width) r
                where only_routes is null or r.route = any (only_routes)
                group by 1, 2, 3
            ) s
        ) b
        group by 1, 2 order by 1, 2;
end
$$;

create function ops.latency(since timestamptz, until timestamptz, width text, variadic only_routes text[] default null) returns table (
    bucket timestamptz, requests bigint, p50 double precision, p95 double precision, p99 double precision
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select p.bucket, p.requests, p.p50, p.p95, p.p99
    from ops.request_percentiles(since, until, width, only_routes, false) p
    order by 1
$$;

create function ops.route_latency(since timestamptz, until timestamptz, width text) returns table (
    bucket timestamptz, route text, requests bigint, p50 double precision, p95 double precision, p99 double precision
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select p.* from ops.request_percentiles(since, until, width, null, true) p order by 1, 2
$$;

-- Number of requests per latency band. Each bucket has every band, slowest first.
create function ops.latency_bands(since timestamptz, until timestamptz, width text, variadic only_routes text[] default null) returns table (
    bucket timestamptz, band text, requests bigint
)
    language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_custom_plan
    as $$
#variable_conflict use_column
declare
    edges integer[] := '{0,5,10,25,50,100,250,500,1000,2500}';
begin
    return query
        with found as materialized (
            select r.bucket, width_bucket(private.latency_estimate(r.bin), edges::double precision[]) as n, sum(r.requests)::bigint as requests
            from ops.request_bins(since, until, width) r
            where only_routes is null or r.route = any (only_routes)
            group by 1, 2
        )
        select b.bucket, case s.n when 10 then '> 2500 ms' else edges[s.n] || '–' || edges[s.n + 1] || ' ms' end, coalesce(f.requests, 0)
        from (select distinct bucket from found) b
            cross join generate_series(1, 10) s (n)
            left join found f on f.bucket = b.bucket and f.n = s.n
        order by s.n desc, 1;
end
$$;

create function ops.requests(since timestamptz, until timestamptz, width text) returns table (
    bucket timestamptz, route text, requests bigint, failures bigint
)
    language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_custom_plan
    as $$
#variable_conflict use_column
declare
    zone text := ops.zone();
    own uuid := ops.own_tenant();
    days timestamptz[] := storage.whole_days(since, until, width, zone);
    bucket_starts timestamptz[] := storage.starts(since, until, width, zone);
begin
    return query
        select storage.bucket_of(r.bucket, bucket_starts), r.route, sum(r.events)::bigint,
            coalesce(sum(r.events) filter (where r.outcome = 'failure'), 0)::bigint
        from private.read_events(since, until, days) r
        where r.tenant_id = own and r.type = 'mirante.http.request.v1' and r.route is not null
        group by 1, 2 order by 1, 2;
end
$$;

reset role;
