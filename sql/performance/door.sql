set local role mirante_owner;

-- Counts of each rating in consecutive periods: period n lies between edges n and n + 1. Periods without ratings have zeros.
create or replace function private.satisfaction(tenant uuid, service_slug text, edges timestamptz[])
    returns table (period integer, n1 bigint, n2 bigint, n3 bigint, n4 bigint, n5 bigint)
    language sql stable
    set search_path = pg_catalog, pg_temp
    as $$
    select p.n::integer, count(*) filter (where f.rating = 1), count(*) filter (where f.rating = 2), count(*) filter (where f.rating = 3),
        count(*) filter (where f.rating = 4), count(*) filter (where f.rating = 5)
    from generate_series(1, cardinality(edges) - 1) p (n)
        left join private.feedback f on f.tenant_id = tenant and f.service = service_slug
            and f.received_at >= edges[p.n] and f.received_at < edges[p.n + 1]
    group by p.n order by p.n
$$;
revoke all on function private.satisfaction from public;

-- Counts of journeys in consecutive periods. `completions`: journeys first completed in the period. `cohort_completed`: of those
-- first started in the period, the ones completed within the limit; `cohort_late`: after it; `cohort_open`: neither completed
-- nor past the limit at the moment `at`.
create or replace function private.completion(tenant uuid, service_slug text, edges timestamptz[], at timestamptz default now())
    returns table (period integer, starts bigint, completions bigint, cohort_completed bigint, cohort_late bigint, cohort_open bigint)
    language sql stable
    set search_path = pg_catalog, pg_temp
    as $$
    with limits as (
        select make_interval(secs => s.draft_limit_days * 86400.0) as draft from private.services s
        where s.tenant_id = tenant and s.slug = service_slug
    ), started as (
        select width_bucket(j.started_at, edges) as n, count(*) as starts,
            count(*) filter (where j.completed_at <= j.started_at + l.draft) as completed,
            count(*) filter (where j.completed_at > j.started_at + l.draft) as late,
            count(*) filter (where j.completed_at is null and j.started_at + l.draft >= at) as open
        from private.journeys j, limits l
        where j.tenant_id = tenant and j.service = service_slug
            and j.started_at >= edges[1] and j.started_at < edges[cardinality(edges)]
        group by 1
    ), completed as (
        select width_bucket(j.completed_at, edges) as n, count(*) as completions
        from private.journeys j
        where j.tenant_id = tenant and j.service = service_slug
            and j.completed_at >= edges[1] and j.completed_at < edges[cardinality(edges)]
        group by 1
    )
    select p.n::integer, coalesce(s.starts, 0), coalesce(c.completions, 0), coalesce(s.completed, 0), coalesce(s.late, 0), coalesce(s.open, 0)
    from generate_series(1, cardinality(edges) - 1) p (n)
        left join started s on s.n = p.n
        left join completed c on c.n = p.n
    order by p.n
$$;
revoke all on function private.completion from public;

-- Up to when a service's journeys are complete; null: they are still being collected for the first time.
create or replace function private.journeys_watermark(tenant uuid, service_slug text) returns timestamptz
    language sql stable
    set search_path = pg_catalog, pg_temp
    as $$
    select case when s.journeys_to is not null then least(now(),
        (select min(d.hour) from private.dirty_journeys d where d.tenant_id = tenant),
        (select min(d.hour) from private.dirty_hours d where (d.tenant_id = tenant or d.tenant_id is null) and (d.events <> 0 or d.tenant_id is null))) end
    from private.services s where s.tenant_id = tenant and s.slug = service_slug
$$;
revoke all on function private.journeys_watermark from public;

-- The same three for the tenant of the transaction.
create function door.satisfaction(service_slug text, edges timestamptz[])
    returns table (period integer, n1 bigint, n2 bigint, n3 bigint, n4 bigint, n5 bigint)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$ select * from private.satisfaction((select private.current_tenant()), service_slug, edges) $$;

create function door.completion(service_slug text, edges timestamptz[], at timestamptz default now())
    returns table (period integer, starts bigint, completions bigint, cohort_completed bigint, cohort_late bigint, cohort_open bigint)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$ select * from private.completion((select private.current_tenant()), service_slug, edges, at) $$;

create function door.journeys_watermark(service_slug text) returns timestamptz
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$ select private.journeys_watermark((select private.current_tenant()), service_slug) $$;

revoke all on function door.satisfaction, door.completion, door.journeys_watermark from public;
grant execute on function door.satisfaction, door.completion, door.journeys_watermark to mirante_api;

reset role;
