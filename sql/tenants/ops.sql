-- Which tenants use the platform, and how much.
set local role mirante_owner;

create view ops.tenants with (security_barrier) as
    select id, slug, name, kind, country, timezone, locale, created_at from private.tenants;

-- One row for each tenant. `quota` is the tenant's own; without one, the platform's default applies, which the database does not
-- know.
create function ops.tenant_usage(since timestamptz, until timestamptz) returns table (
    tenant text, name text, kind text, country text, events bigint, failures bigint, bytes bigint, last_hour timestamptz,
    refused bigint, requests bigint, keys bigint, sql_logins bigint, events_30_days bigint, events_per_month bigint, created_at timestamptz
)
    language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
    -- As in ops.activity().
    set enable_seqscan = off
    set enable_indexscan = off
    set plan_cache_mode = force_custom_plan
    as $$
#variable_conflict use_column
declare
    month timestamptz := date_trunc('day', now() - interval '30 days', 'UTC');
begin
    return query
        select t.slug, t.name, t.kind, t.country, coalesce(a.events, 0), coalesce(a.failures, 0), coalesce(a.bytes, 0), l.last_hour,
            q.refused, c.requests, k.keys, s.logins, coalesce(m.events, 0), (t.limits ->> 'events_per_month')::bigint, t.created_at
        from private.tenants t
            left join ops.activity(since, until, 'total') a on a.tenant = t.slug
            left join (select e.tenant_id, sum(e.events)::bigint as events from private.events_daily e
                where e.bucket >= month group by 1) m on m.tenant_id = t.id
            left join lateral (select max(e.bucket) as last_hour from private.events_hourly e
                where e.tenant_id = t.id and e.bucket >= until - interval '7 days' and e.bucket < until) l on true
            left join lateral (select count(*) as refused from private.quarantine q
                where q.tenant_id = t.id and q.received_at >= since and q.received_at < until) q on true
            left join lateral (select coalesce(sum(c.requests), 0)::bigint as requests from private.access_log c
                where c.tenant_id = t.id and c.hour >= since and c.hour < until) c on true
            left join lateral (select count(*) as keys from private.api_keys k
                where k.tenant_id = t.id and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())) k on true
            left join lateral (select count(*) as logins from private.sql_logins s
                where s.tenant_id = t.id and s.revoked_at is null and (s.expires_at is null or s.expires_at > now())) s on true
        where t.kind <> 'canary'
        order by 1;
end
$$;

-- Uses of benchmarks and exports, like dashboards in ops.opens().
create function ops.feature_uses(since timestamptz, until timestamptz, width text) returns table (
    bucket timestamptz, tenant text, feature text, uses bigint
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
        select storage.bucket_of((u.day + time '12:00') at time zone 'UTC', bucket_starts), t.slug, u.feature, sum(u.uses)::bigint
        from private.feature_uses u join private.tenants t on t.id = u.tenant_id
        where u.day >= (since at time zone 'UTC')::date and u.day <= ((until - interval '1 microsecond') at time zone 'UTC')::date
            and t.kind = 'customer'
        group by 1, 2, 3 order by 1, 2, 3;
end
$$;

-- Shared insight: dashboards that a customer's viewers opened by an embed or in Metabase, and benchmarks that customers read.
-- Requests of programs with the customer's own key do not count.
create function ops.insights(since timestamptz, until timestamptz, width text) returns table (
    bucket timestamptz, tenant text, kind text, uses bigint
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select o.bucket, o.tenant, 'dashboards', sum(o.opens)::bigint
    from ops.opens(since, until, width) o join private.tenants t on t.slug = o.tenant
    where o.surface <> 'api' and t.kind = 'customer'
    group by 1, 2
    union all
    select u.bucket, u.tenant, u.feature, u.uses from ops.feature_uses(since, until, width) u where u.feature = 'benchmarks'
    order by 1, 2, 3
$$;

-- The last seven complete days (UTC) for all customers together, and thirty compared with the thirty before.
create function ops.usage() returns table (
    dashboard_opens bigint, dashboard_tenants bigint, benchmark_reads bigint, benchmark_tenants bigint, benchmark_tenants_share
        double precision, insights bigint, insight_growth double precision
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    with today as (select date_trunc('day', now(), 'UTC') as t),
        week as (select i.* from today, ops.insights(t - interval '7 days', t, 'total') i),
        months as (
            select (select sum(i.uses) from ops.insights(t - interval '30 days', t, 'total') i) as last,
                (select sum(i.uses) from ops.insights(t - interval '60 days', t - interval '30 days', 'total') i) as before
            from today
        )
    select coalesce(sum(w.uses) filter (where w.kind = 'dashboards'), 0)::bigint,
        count(distinct w.tenant) filter (where w.kind = 'dashboards'),
        coalesce(sum(w.uses) filter (where w.kind = 'benchmarks'), 0)::bigint,
        count(distinct w.tenant) filter (where w.kind = 'benchmarks'),
        count(distinct w.tenant) filter (where w.kind = 'benchmarks') / nullif((select count(*) from private.tenants t
            where t.kind = 'customer' and t.features -> 'benchmarks' is distinct from 'false'), 0)::double precision,
        coalesce(sum(w.uses), 0)::bigint, (select coalesce(m.last, 0) / m.before::double precision - 1 from months m)
    from week w
$$;

-- How many customers have a feature enabled, and how many use it.
create function ops.features(since timestamptz, until timestamptz) returns table (
    feature text, customers bigint, switched_on bigint, used_by bigint
)
    language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_custom_plan
    as $$
#variable_conflict use_column
begin
    return query
        select f.feature, count(*), count(*) filter (where t.features -> f.feature is distinct from 'false'),
            case f.feature
                when 'dashboards' then (select count(distinct o.tenant) from ops.opens(since, until, 'total') o
                    join private.tenants c on c.slug = o.tenant where c.kind = 'customer')
                when 'sql_access' then (select count(distinct s.tenant_id) from private.sql_logins s
                    where s.revoked_at is null and s.created_at < until and (s.expires_at is null or s.expires_at > since))
                else (select count(distinct u.tenant) from ops.feature_uses(since, until, 'total') u where u.feature = f.feature)
            end
        from private.tenants t, unnest('{dashboards,benchmarks,exports,sql_access}'::text[]) f (feature)
        where t.kind = 'customer'
        group by 1 order by 1;
end
$$;

reset role;
