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

-- What the feedback form of a service shows, and where: nobody has signed in, so the address names the tenant.
create function door.feedback_form(tenant_slug text, service_slug text)
    returns table (tenant_id uuid, tenant text, slug text, name text, locales text[], embed_origins text[])
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select t.id, t.slug, s.slug, s.name, s.locales, t.embed_origins
    from private.tenants t join private.services s on s.tenant_id = t.id
    where t.slug = tenant_slug and s.slug = service_slug and t.offboarding_at is null
$$;

-- Stores a rating. False where the service is gone.
create function door.add_feedback(feedback_id uuid, tenant uuid, service_slug text, given integer, in_locale text, words text) returns boolean
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
begin
    insert into private.feedback (id, tenant_id, service, rating, locale, comment)
        select feedback_id, s.tenant_id, s.slug, given, in_locale, words
        from private.services s join private.tenants t on t.id = s.tenant_id
        where s.tenant_id = tenant and s.slug = service_slug and t.offboarding_at is null;
    return found;
end
$$;

-- Comments of a service of the transaction's tenant, newest first; `pattern` is of `ilike`.
create function door.comments(service_slug text, pattern text, only_rating integer, before_time timestamptz, before_id uuid, page_size integer)
    returns table (id uuid, received_at timestamptz, rating integer, locale text, comment text, cursor_time text)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select f.id, f.received_at, f.rating, f.locale, f.comment, f.received_at::text from private.feedback f
    where f.tenant_id = (select private.current_tenant()) and f.service = service_slug and f.comment is not null
        and (pattern is null or f.comment ilike pattern) and (only_rating is null or f.rating = only_rating)
        and (before_time is null or (f.received_at, f.id) < (before_time, before_id))
    order by f.received_at desc, f.id desc limit page_size
$$;

-- Removes a comment of the transaction's tenant, and keeps its rating. False where there is none.
create function door.redact_comment(service_slug text, feedback_id uuid) returns boolean
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
begin
    update private.feedback f set comment = null, redacted_at = now()
        where f.tenant_id = (select private.current_tenant()) and f.service = service_slug and f.id = feedback_id and f.comment is not null;
    if found then
        perform private.append_audit((select private.current_tenant()), 'comment.removed', feedback_id::text,
            jsonb_build_object('service', service_slug));
    end if;
    return found;
end
$$;

revoke all on function door.feedback_form, door.add_feedback, door.comments, door.redact_comment from public;
grant execute on function door.feedback_form, door.add_feedback, door.comments, door.redact_comment to mirante_api;

reset role;
