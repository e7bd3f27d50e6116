-- Questions that more than one roll-up answers, or more than a bucket; the rules of bi.sql hold here, too.
set local role mirante_views;

-- Every hour of the week (day 1 is Monday) in the tenant's zone, also those in which nothing happened, for each marketplace that there was.
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

-- What each check found of each UTC day, by its title (a test holds these against sql/data-quality/quality-checks.ts). A day counts for the bucket that holds its noon.
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

-- The newest event of each type, and when that one arrived: found in the last bucket that has one, backwards along the key.
-- Where raw events have left since, the bucket itself.
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
            select storage.bucket_of(r.starts, bucket_starts) as bucket, r.type, sum(r.events)::bigint as events,
                max(r.starts) as starts, max(r.ends) as ends
            from (
                select bucket as starts, bucket + interval '24 hours' as ends, type, events from app.events_daily
                where days[1] < days[2] and bucket >= days[1] and bucket < days[2]
                union all
                select bucket, bucket + interval '1 hour', type, events from app.events_hourly
                where since < days[1] and bucket >= since and bucket < days[1]
                union all
                select bucket, bucket + interval '1 hour', type, events from app.events_hourly
                where days[2] < until and bucket >= days[2] and bucket < until
            ) r
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

-- What was refused, by its reason. `waiting` has not been stored by a replay.
create function bi.quarantined(tenant_grant text, since timestamptz, until timestamptz, width text) returns table (
    bucket timestamptz, status text, code text, type text, refused bigint, waiting bigint, last_at timestamptz
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
        select storage.bucket_of(date_trunc('hour', q.received_at, 'UTC'), bucket_starts), q.status, q.code, q.type, count(*),
            count(*) filter (where q.replayed_at is null), max(q.received_at)
        from app.quarantine q
        where q.received_at >= since and q.received_at < until
        group by 1, 2, 3, 4 order by 1, 2, 3, 4;
    perform set_config('app.tenant_id', before, true);
end
$$;

-- The tenant's figures beside those of its cohort, of one metric or of all: of the ISO weeks in UTC that the window touches, of the months
-- where the width is month, and for `total` of the newest published period that began before the window's end. `own` is of the same
-- period, not of the window, so that like is compared with like.
create function bi.benchmarks(tenant_grant text, since timestamptz, until timestamptz, width text, only_metric text default null)
    returns table (
    bucket timestamptz, period text, metric text, own double precision, p25 double precision, p50 double precision, p75 double precision,
    cohort text, size_band text, suppressed text, reason text
)
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_custom_plan
    as $$
#variable_conflict use_column
declare
    before text := private.open_grant(tenant_grant);
    step text := case width when 'month' then 'month' else 'week' end;
    pattern text := case width when 'month' then 'YYYY-MM' else 'IYYY-"W"IW' end;
    language text := (select locale from app.tenant);
    earliest timestamptz := greatest(since, now() - interval '3 years');
    periods text[];
begin
    perform storage.whole_days(since, until, width, 'UTC');
    periods := array(
        select to_char(b at time zone 'UTC', pattern)
        from generate_series(date_trunc(step, earliest, 'UTC'), least(until, now()) - interval '1 microsecond', ('1 ' || step)::interval) b);
    return query
        select p.since, a.period, a.metric, a.own, a.p25, a.p50, a.p75, a.cohort, a.size_band, a.suppressed,
            case language when 'pt-BR' then w.portuguese else w.english end
        from private.benchmarks m
            cross join lateral (select case width when 'total' then array[private.latest_benchmark(m.metric, until)] else periods end as names) n
            cross join lateral private.benchmark_answers(m.metric, n.names) a
            cross join lateral private.benchmark_period(a.period) p
            left join (values
                ('NOT_OPTED_IN', 'Your organisation does not take part.', 'Sua organização não participa.'),
                ('LAG', 'Not published yet.', 'Ainda não publicado.'),
                ('LOW_VOLUME', 'Too few data of your own.', 'Poucos dados seus.'),
                ('GROUP_TOO_SMALL', 'Too few take part.', 'Poucas organizações participam.'),
                ('DOMINANCE', 'One or two are too large among the others.', 'Uma ou duas são grandes demais entre as outras.'),
                ('P_PERCENT', 'A figure of one could be worked out.', 'O número de uma poderia ser calculado.'),
                ('DIFFERENCING', 'Who joined or left could be worked out.', 'Quem entrou ou saiu poderia ser identificado.')
            ) w (code, english, portuguese) on w.code = a.suppressed
        where only_metric is null or m.metric = only_metric
        order by 3, 1;
    perform set_config('app.tenant_id', before, true);
end
$$;

revoke all on function bi.week_hours, bi.freshness, bi.quarantined, bi.benchmarks from public;
grant execute on function bi.week_hours, bi.data_quality, bi.freshness, bi.quarantined, bi.benchmarks to mirante_metabase;

reset role;
