-- What can be compared across tenants, and where its values come from.
set local role mirante_owner;

drop view if exists private.benchmarks cascade;

-- Every benchmark in one place. `figure` is computed from sums over `source`, a daily roll-up, or `percentile` of its durations
-- is taken. `volume` is the basis of a value: its minimum, and the tenant's weight. The class defines how long a period rests
-- after its end, and the maximum share of the volume of the largest tenant, and of the two largest.
create view private.benchmarks as
    select m.*, 'segment' as dimension, 10 as least_volume, c.rest, c.largest_share, c.two_largest_share
    from (values
        ('events.count', 'events', 'volume', 'Events accepted.',
            'private.events_daily', 'sum(events)', null::integer, 'sum(events)'),
        ('events.error_rate', 'ratio', 'operational', 'Share of failures (0 to 1) among events with an outcome.',
            'private.events_daily',
            'coalesce(sum(events) filter (where outcome = ''failure''), 0) / nullif(sum(events) filter (where outcome in (''success'', ''failure'')), 0)',
            null, 'sum(events) filter (where outcome in (''success'', ''failure''))'),
        ('validations.count', 'validations', 'volume', 'Validations completed.',
            'private.validations_daily', 'sum(validations)', null, 'sum(validations)'),
        ('validations.error_rate', 'ratio', 'operational', 'Share of failed validations (0 to 1) among those with an outcome.',
            'private.validations_daily',
            'coalesce(sum(validations) filter (where outcome = ''failure''), 0) / nullif(sum(validations) filter (where outcome in (''success'', ''failure'')), 0)',
            null, 'sum(validations) filter (where outcome in (''success'', ''failure''))'),
        ('validations.row_error_rate', 'ratio', 'operational', 'Errors found per row validated; more than 1 where rows have several errors.',
            'private.validations_daily', 'coalesce(sum(errors), 0) / nullif(sum(rows), 0)', null, 'sum(validations)'),
        ('latency.p50', 'ms', 'operational', 'Percentile 50 (nearest rank) of data.duration_ms, within 2 %.',
            'private.latency_daily', null, 50, null),
        ('latency.p95', 'ms', 'operational', 'Percentile 95 (nearest rank) of data.duration_ms, within 2 %.',
            'private.latency_daily', null, 95, null),
        ('latency.p99', 'ms', 'operational', 'Percentile 99 (nearest rank) of data.duration_ms, within 2 %.',
            'private.latency_daily', null, 99, null),
        ('corrections.per_thousand_rows', 'corrections', 'operational', 'Corrections applied per thousand rows validated.',
            '(select tenant_id, bucket, corrections, 0 as rows, 0 as validations from private.corrections_daily
              union all select tenant_id, bucket, 0, rows, validations from private.validations_daily)',
            '1000 * sum(corrections) / nullif(sum(rows), 0)', null, 'sum(validations)')
    ) m (metric, unit, class, description, source, figure, percentile, volume)
        join (values ('operational', interval '0', 0.50, 0.67), ('volume', interval '3 months', 0.25, 0.67))
            c (class, rest, largest_share, two_largest_share) using (class);
grant select on private.benchmarks to mirante_views;

-- First instant and end in UTC of an ISO week, `2026-W46`, or a month, `2026-10`; null if it is neither.
create or replace function private.benchmark_period(period text, out since timestamptz, out until timestamptz)
    language plpgsql stable
    set search_path = pg_catalog, pg_temp
    as $$
declare
    width interval := case when period ~ '^20\d\d-W(0[1-9]|[1-4]\d|5[0-3])$' then '7 days' when period ~ '^20\d\d-(0[1-9]|1[0-2])$' then '1 month' end;
    first date;
begin
    if width is null then
        return;
    end if;
    first := to_date(period, case width when '7 days' then 'IYYY-"W"IW' else 'YYYY-MM' end);
    if period in (to_char(first, 'IYYY-"W"IW'), to_char(first, 'YYYY-MM')) then
        since := first::timestamp at time zone 'UTC';
        until := (first + width) at time zone 'UTC';
    end if;
end
$$;

-- Whether a period is not over yet, still rests, or waits for late events to be counted.
create or replace function private.benchmark_lags(of_metric text, of_period text) returns boolean
    language sql stable
    set search_path = pg_catalog, pg_temp
    as $$
    select now() < p.until + b.rest
        or exists (select from private.dirty_hours d where d.hour >= p.since and d.hour < p.until)
    from private.benchmarks b, private.benchmark_period(of_period) p
    where b.metric = of_metric
$$;

-- Who may be counted: customers that have agreed; siblings of one group count as one. If siblings are in different segments, they
-- are counted in the whole only.
drop view if exists private.benchmark_units cascade;
create view private.benchmark_units as
    with agreed as (
        select t.id as tenant_id, coalesce('group ' || nullif(t.attributes ->> 'group', ''), t.id::text) as unit,
            nullif(t.attributes ->> 'segment', '') as segment
        from private.tenants t, lateral (
            select c.accepted from private.benchmark_consents c where c.tenant_id = t.id order by c.at desc, c.id desc limit 1
        ) c
        where t.kind = 'customer' and t.offboarding_at is null and c.accepted and t.features -> 'benchmarks' is distinct from 'false'
    )
    select tenant_id, unit,
        case when count(*) over u = count(segment) over u and min(segment) over u = max(segment) over u then segment end as cohort
    from agreed
    window u as (partition by unit);

-- Value and volume of each unit in each period; with `only_tenant`, of that tenant alone. Absurdly large values are truncated, so
-- that no later sum overflows.
create or replace function private.benchmark_figures(of_metric text, of_periods text[], only_tenant uuid default null) returns table (
    period text, unit text, cohort text, figure double precision, volume double precision
)
    language plpgsql stable
    set search_path = pg_catalog, pg_temp
    as $$
#variable_conflict use_column
declare
    declared private.benchmarks;
    first timestamptz;
    ends timestamptz;
    grouped text;
begin
    select * into strict declared from private.benchmarks b where b.metric = of_metric;
    select min(p.since), max(p.until) into first, ends from unnest(of_periods) n, lateral private.benchmark_period(n) p;
    -- Grouped by numbers and added up as doubles, which is faster than by names and as numerics. Nearest rank, as the metric of that name has it.
    grouped := case when declared.percentile is null
        then format('select period_no, unit_no, (%s)::double precision as figure, (%s)::double precision as volume from found group by 1, 2',
            declared.figure, declared.volume)
        else format('select period_no, unit_no, private.latency_estimate(min(bin) filter (where private.reaches_percentile(reached, events, %s))) as figure,
                max(events) as volume
            from (select period_no, unit_no, bin, sum(sum(events::double precision)) over (partition by period_no, unit_no order by bin) as reached,
                    sum(sum(events::double precision)) over (partition by period_no, unit_no) as events
                from found group by 1, 2, 3) b group by 1, 2', declared.percentile) end;
    return query execute format('
        with periods as materialized (
            select n.name as period, n.no::integer as period_no, p.since, p.until
            from unnest($1) with ordinality n (name, no), lateral private.benchmark_period(n.name) p
        ), units as materialized (
            select tenant_id, unit, cohort, dense_rank() over (order by unit)::integer as unit_no from private.benchmark_units where $2 is null
            union all select $2, $2::text, null, 1 where $2 is not null
        ), found as (
            select p.period_no, u.unit_no, s.*
            from %s s join units u on u.tenant_id = s.tenant_id join periods p on s.bucket >= p.since and s.bucket < p.until
            where s.bucket >= $3 and s.bucket < $4 and ($2 is null or s.tenant_id = $2)
        )
        select p.period, u.unit, u.cohort, least(f.figure, 1e15), f.volume
        from (%s) f join periods p using (period_no) join (select distinct unit_no, unit, cohort from units) u using (unit_no)
        where f.figure is not null', declared.source, grouped)
        using of_periods, only_tenant, first, ends;
end
$$;

revoke all on function private.benchmark_period, private.benchmark_lags, private.benchmark_figures from public;
grant execute on function private.benchmark_period to mirante_views;

reset role;
