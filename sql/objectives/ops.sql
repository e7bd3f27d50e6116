-- The platform's objectives and how they are measured. The jobs program runs these functions and stores their results
-- (private.objectives).
set local role mirante_owner;

-- budget: the share that may be bad, if the objective is a share. comparison: how the measurement must relate to the target.
create function ops.promises() returns table (
    name text, unit text, target double precision, comparison text, time_window text, budget double precision
)
    language sql immutable
    set search_path = pg_catalog, pg_temp
    as $$
    values ('availability', 'share', 0.999::double precision, 'at least', 'P30D', 0.001::double precision),
        ('capacity.validations_per_day', 'validations', 1000000, 'at most', 'P30D', null),
        ('dashboards.latency_p95', 'seconds', 1, 'at most', 'P30D', 0.05),
        ('data.freshness_p95', 'seconds', 300, 'at most', 'P30D', 0.05),
        ('ingestion.acknowledged_lost', 'events', 0, 'at most', 'P30D', null),
        ('isolation.foreign_rows', 'rows', 0, 'at most', 'P30D', null),
        ('privacy.days_left', 'days', 3, 'at least', 'P15D', null),
        ('recovery.drill_age', 'days', 8, 'at most', 'P8D', null),
        ('recovery.drills_failed', 'drills', 0, 'at most', 'P8D', null),
        ('recovery.restore_time', 'seconds', 3600, 'at most', 'P8D', null),
        ('retention.aggregates', 'days', 730, 'at least', 'P2Y', null),
        ('retention.raw', 'days', 90, 'at least', 'P90D', null),
        ('storage.cost_per_million_events', 'US$', 0.10, 'at most', 'P90D', null),
        ('viewers.concurrent', 'viewers', 100, 'at most', 'P30D', null)
$$;

-- Probes over time. The seconds of `arrival` are how far data is behind. One that never arrived counts with the time that was
-- waited.
create function ops.probes(since timestamptz, until timestamptz, width text) returns table (
    bucket timestamptz, probe text, taken bigint, failed bigint, p50 double precision, p95 double precision
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
        select storage.bucket_of(date_trunc('hour', p.at, 'UTC'), bucket_starts), p.probe, count(*), count(*) filter (where not p.ok),
            percentile_disc(0.50) within group (order by p.milliseconds), percentile_disc(0.95) within group (order by p.milliseconds)
        from private.probes p
        where p.at >= since and p.at < until
        group by 1, 2 order by 1, 2;
end
$$;

create view ops.probe_totals with (security_barrier) as
    select probe, taken, failed, at, milliseconds from private.probe_totals;

-- Share of bad probes in the windows of the burn rates. Bad: no good answer, or an arrival after more than five minutes.
create function ops.probe_shares(probes text[], slowest_ms double precision) returns table (span interval, taken bigint, bad bigint)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select s.span, count(*), count(*) filter (where not p.ok or p.milliseconds > slowest_ms)
    from unnest('{5 min, 30 min, 1 h, 6 h, 3 d, 30 d}'::interval[]) s (span)
        join private.probes p on p.probe = any (probes) and p.at >= now() - s.span
    group by 1
$$;

-- Routes that people wait for when they look at a dashboard.
create function ops.dashboard_routes() returns text[]
    language sql immutable
    set search_path = pg_catalog, pg_temp
    as $$
    select '{/dashboards/:slug,/v1/dashboards/:slug/cards/:card}'::text[]
$$;

-- The same for requests for dashboards and their cards that are slower than `slowest_ms`. Short spans are read from the requests
-- themselves, longer ones from roll-ups, so those begin on the hour.
create function ops.dashboard_shares(slowest_ms double precision) returns table (span interval, taken bigint, bad bigint)
    language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_custom_plan
    as $$
declare
    own uuid := ops.own_tenant();
    routes text[] := ops.dashboard_routes();
begin
    return query
        select s.span, count(*), count(*) filter (where e.duration_ms > slowest_ms)
        from private.events e join unnest('{5 min, 30 min}'::interval[]) s (span) on e.time >= now() - s.span
        where e.tenant_id = own and e.time >= now() - interval '30 min' and e.type = 'mirante.http.request.v1'
            and e.data ->> 'route' = any (routes)
        group by 1
        union all
        select s.span, sum(r.requests)::bigint, coalesce(sum(r.requests) filter (where private.latency_estimate(r.bin) > slowest_ms), 0)::bigint
        from unnest('{1 h, 6 h, 3 d, 30 d}'::interval[]) s (span),
            lateral ops.request_bins(date_trunc('hour', now() - s.span), date_trunc('hour', now()) + interval '1 h', 'total') r
        where r.route = any (routes)
        group by 1;
end
$$;

-- One row with all spans; null for a span without any measurement.
create function ops.bad_shares(spans interval[], taken bigint[], bad bigint[]) returns table (
    spent double precision, bad_5m double precision, bad_30m double precision, bad_1h double precision, bad_6h double precision,
    bad_3d double precision
)
    language sql immutable
    set search_path = pg_catalog, pg_temp
    as $$
    select max(s.share) filter (where s.span = '30 d'), max(s.share) filter (where s.span = '5 min'),
        max(s.share) filter (where s.span = '30 min'), max(s.share) filter (where s.span = '1 h'),
        max(s.share) filter (where s.span = '6 h'), max(s.share) filter (where s.span = '3 d')
    from (select u.span, u.bad::double precision / nullif(u.taken, 0) as share from unnest(spans, taken, bad) u (span, taken, bad)) s
$$;

-- Objectives that change from minute to minute. If probes have stopped, nothing is known.
create function ops.measure_service() returns table (
    name text, measured double precision, measured_at timestamptz, spent double precision, bad_5m double precision,
    bad_30m double precision, bad_1h double precision, bad_6h double precision, bad_3d double precision
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    with last as (
        select coalesce(max(t.at) filter (where t.probe = 'ready'), '-infinity') > now() - interval '10 min' as is_probing,
            max(t.at) filter (where t.probe = 'ready') as ready_at, max(t.at) filter (where t.probe = 'arrival') as arrival_at
        from private.probe_totals t
    )
    select 'availability', case when l.is_probing then 1 - b.spent end, l.ready_at, b.*
    from last l, (select array_agg(p.span), array_agg(p.taken), array_agg(p.bad)
            from ops.probe_shares('{ready,ingest,query}', 'infinity') p) s (spans, taken, bad),
        lateral ops.bad_shares(s.spans, s.taken, s.bad) b
    union all
    select 'data.freshness_p95', case when l.is_probing then a.p95 / 1000 end, l.arrival_at, b.*
    from last l, (select array_agg(p.span), array_agg(p.taken), array_agg(p.bad)
            from ops.probe_shares('{arrival}', 300000) p) s (spans, taken, bad),
        lateral ops.bad_shares(s.spans, s.taken, s.bad) b,
        (select percentile_disc(0.95) within group (order by p.milliseconds) as p95
            from private.probes p where p.probe = 'arrival' and p.at >= now() - interval '30 d') a
    union all
    select 'dashboards.latency_p95', r.p95 / 1000, case when r.p95 is not null then now() end, b.*
    from (select array_agg(p.span), array_agg(p.taken), array_agg(p.bad) from ops.dashboard_shares(1000) p) s (spans, taken, bad),
        lateral ops.bad_shares(s.spans, s.taken, s.bad) b,
        (select max(d.p95) as p95 from ops.request_percentiles(date_trunc('hour', now() - interval '30 d'),
            date_trunc('hour', now()) + interval '1 h', 'total', ops.dashboard_routes(), false) d) r
    union all
    select 'ingestion.acknowledged_lost', case when r.ran_at > now() - interval '26 h' or r.found > 0 then r.found end, r.ran_at,
        null, null, null, null, null, null
    from (select sum(d.differences)::double precision as found, max(d.ran_at) as ran_at
        from private.reconciliations d where d.ran_at >= now() - interval '30 d') r
    union all
    select 'isolation.foreign_rows',
        case when f.found > 0 or (a.dead = 0 and a.ran_at > now() - interval '2 h 5 min') then f.found end, a.ran_at,
        null, null, null, null, null, null
    from (select sum(i.foreign_rows) as found from private.isolation_audits i where i.ran_at >= now() - interval '30 d') f
        left join lateral (select i.ran_at, i.dead from private.isolation_audits i order by i.ran_at desc limit 1) a on true
    union all
    -- Where nothing is open, all of the term.
    select 'privacy.days_left', coalesce(extract(epoch from min(l.due_at) - now())::double precision / 86400, 15), now(),
        null, null, null, null, null, null
    from private.legal_terms() l where l.kind <> 'incident'
    union all
    -- Of the last backup that was proved. Where none was for longer than the window, the time it took says nothing any more.
    select d.name, d.measured, p.ended_at, null, null, null, null, null, null
    from (select max(r.ended_at) as ended_at from private.restore_drills r where r.passed) p,
        lateral (values ('recovery.drill_age', extract(epoch from now() - p.ended_at) / 86400), ('recovery.restore_time',
            (select r.restore_seconds from private.restore_drills r
                where r.passed and r.ended_at = p.ended_at and r.ended_at > now() - interval '8 d'))) d (name, measured)
    union all
    select 'recovery.drills_failed', case when count(*) > 0 then count(*) filter (where not f.passed) end::double precision, max(f.ended_at), null, null, null, null, null, null
    from private.restore_drills f where f.ended_at > now() - interval '8 d'
$$;

-- The cost of a million events from their arrival until the last of them is deleted: raw rows for their retention, and their
-- share of the roll-ups for theirs, at a price per GB (10^9 bytes) and month.
create function ops.storage_cost() returns table (
    events bigint, raw_bytes_per_event double precision, rollup_bytes_per_event double precision, usd double precision
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    -- As in ops.activity().
    set enable_seqscan = off
    set enable_indexscan = off
    as $$
    select b.events, b.raw, b.rollup, 1e6 / 1e9 * p.usd * (b.raw * p.raw_days + b.rollup * p.aggregate_days) * 12 / 365.25
    from (
            select sum(s.bytes) filter (where s.relation in ('events', 'rule_hits')) / nullif(max(s.events), 0)::double precision as raw,
                sum(s.bytes) filter (where s.kind = 'roll-up') / nullif(max(e.events), 0)::double precision as rollup, max(s.events) as events
            from ops.storage() s, (select sum(d.events) as events from private.events_daily d) e
        ) b,
        (select max(value) filter (where name = 'STORAGE_USD_PER_GB_MONTH') as usd, max(value) filter (where name = 'RAW_RETENTION_DAYS')
                as raw_days, max(value) filter (where name = 'AGGREGATE_RETENTION_DAYS') as aggregate_days from private.settings) p
    where b.events > 0 and p.usd is not null
$$;

-- Objectives that change slowly and take longer to measure. Cost: unknown for few events, because empty relations take space too.
-- Retention: how far back everything is available, at most what the setting promises.
create function ops.measure_holdings() returns table (name text, measured double precision)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    -- As in ops.activity().
    set enable_seqscan = off
    set enable_indexscan = off
    as $$
    select 'storage.cost_per_million_events', (select c.usd from ops.storage_cost() c where c.events >= 100000)
    union all
    select 'retention.raw', (select least(s.value, extract(epoch from now() - h.since) / 86400)
        from private.settings s, (select nullif(max(retained_from), '-infinity') as since
            from storage.hypertables where name in ('events', 'rule_hits')) h
        where s.name = 'RAW_RETENTION_DAYS')
    union all
    select 'retention.aggregates', (select least(s.value, extract(epoch from now() - r.since) / 86400)
        from private.settings s, (select nullif(max(retained_from), '-infinity') as since from storage.rollups) r
        where s.name = 'AGGREGATE_RETENTION_DAYS')
    union all
    select 'capacity.validations_per_day', (select coalesce(max(d.validations), 0)
        from (select sum(v.validations) as validations from private.validations_daily v join private.tenants t on t.id = v.tenant_id
            where v.bucket >= now() - interval '30 d' and t.kind = 'customer' group by v.bucket) d)
    union all
    select 'viewers.concurrent', (select coalesce(max(h.viewers), 0)
        from (select count(distinct l.address) as viewers from private.access_log l
            where l.hour >= now() - interval '30 d' and l.viewer_requests > 0 group by l.hour) h)
$$;

-- The jobs program's last measurements; null once the next one is overdue. budget_left: of the share that may be bad, else of the
-- distance to the target. It is all or nothing if the target is zero or must be reached.
create view ops.objectives with (security_barrier) as
    select p.name, p.unit, p.target, p.comparison, p.time_window, o.measured, o.measured_at,
        case when m.met then 'met' when m.met is null then 'unknown' else 'missed' end as status, p.budget, o.spent,
        case when o.measured is null then null
            when p.budget is not null then greatest(0, 1 - o.spent / p.budget)
            when p.comparison = 'at least' or p.target = 0 then m.met::integer
            else greatest(0, 1 - o.measured / p.target) end as budget_left,
        o.burn_1h, o.burn_6h, o.burn_3d, o.alert, o.alert_since
    from ops.promises() p
        left join private.objectives o on o.name = p.name and o.known_until > now(),
        lateral (select case p.comparison when 'at most' then o.measured <= p.target else o.measured >= p.target end as met) m;

reset role;
