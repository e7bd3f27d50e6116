-- Functions for the cards of dashboards; sql/metrics/bi.sql says how they work.
set local role mirante_views;

-- What each check found on each UTC day, with its title (a test compares titles with sql/data-quality/quality-checks.ts). A day
-- counts for the bucket that contains its noon.
create function bi.data_quality(tenant_grant text, since timestamptz, until timestamptz, width text) returns table (
    bucket timestamptz, day date, check_name text, title text, status text, value double precision, weight integer, points numeric, checked_at timestamptz
)
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_custom_plan
    as $$
#variable_conflict use_column
declare
    before text := private.open_grant(tenant_grant);
    zone text := (select timezone from app.tenant);
    bucket_starts timestamptz[];
begin
    perform storage.whole_days(since, until, width, zone);
    bucket_starts := storage.starts(since, until, width, zone);
    return query
        select storage.bucket_of(q.day + interval '12 hours', bucket_starts), (q.day at time zone 'UTC')::date, q.check_name,
            coalesce(case (select locale from app.tenant) when 'pt-BR' then w.pt else w.en end, q.check_name), q.status, q.value, q.weight,
            q.points, q.checked_at
        from app.data_quality q left join (values
            ('freshness', 'Freshness', 'Atualidade'),
            ('completeness', 'Completeness', 'Completude'),
            ('volume', 'Volume', 'Volume'),
            ('schema', 'Schema violations', 'Violações de esquema'),
            ('duplicates', 'Duplicates', 'Duplicados'),
            ('clock', 'Clock skew', 'Desvio de relógio'),
            ('outcome', 'Missing outcome', 'Resultado ausente'),
            ('duration', 'Missing duration', 'Duração ausente'),
            ('outliers', 'Outliers', 'Valores extremos')
        ) w (name, en, pt) on w.name = q.check_name
        where q.day >= date_trunc('day', since, 'UTC') and q.day < until
        order by 1, 2, 3;
    perform set_config('app.tenant_id', before, true);
end
$$;

-- The newest event of each type and when it arrived. The roll-up gives its bucket; there the raw events are read backwards along
-- their key. If these were dropped since, the start of the bucket.
create function bi.freshness(tenant_grant text, since timestamptz, until timestamptz, width text) returns table (
    bucket timestamptz, type text, events bigint, last_event_at timestamptz, arrived_at timestamptz
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
        select s.bucket, s.type, s.events, coalesce(e.time, s.starts), e.received_at
        from (
            select storage.bucket_of(r.bucket, bucket_starts) as bucket, r.type, sum(r.events)::bigint as events, max(r.bucket) as starts,
                max(r.bucket + case when r.bucket >= days[1] and r.bucket < days[2] then interval '24 hours' else interval '1 hour' end) as ends
            from app.read_events(since, until, days) r
            group by 1, 2
        ) s
            left join lateral (
                select time, received_at from app.events v
                where v.time >= s.starts and v.time < s.ends and v.type = s.type
                order by v.time desc limit 1
            ) e on true
        order by 1, 2;
    perform set_config('app.tenant_id', before, true);
end
$$;

revoke all on function bi.data_quality, bi.freshness from public;
grant execute on function bi.data_quality, bi.freshness to mirante_metabase;

reset role;
