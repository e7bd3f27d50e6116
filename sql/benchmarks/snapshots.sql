-- Snapshots: every rule between a tenant's value and what others see of it.
set local role mirante_owner;

-- Rounds a ratio to two decimals, anything else to two significant digits.
create or replace function private.round_benchmark(figure double precision, unit text) returns double precision
    language sql immutable strict parallel safe
    as $$
    select case when unit = 'ratio' then round(figure::numeric, 2)
        when figure = 0 then 0
        else round(figure::numeric, 1 - floor(log(abs(figure::numeric)))::integer) end::double precision
$$;

-- The middle of the cell that contains a value. A cell's end is 1.4 times its beginning, so that the cell does not reveal the
-- value to within 15 %. One more cell is below the first.
create or replace function private.benchmark_cell(figure double precision, unit text) returns double precision
    language sql immutable strict parallel safe
    as $$
    select case when figure < s.least then 0 else s.least * 1.4 ^ (floor(ln(figure / s.least) / ln(1.4::double precision)) + 0.5) end
    from (select case unit when 'ratio' then 0.01 else 1 end::double precision) s (least)
$$;

-- Judges one cohort. `eligible`: its number of units, counted or waiting. `figures` and `volumes` are those that may be counted.
create or replace function private.judge_benchmark(
    declared private.benchmarks, k integer, eligible bigint, figures double precision[], volumes double precision[]
) returns private.benchmark_snapshots
    language plpgsql stable
    set search_path = pg_catalog, pg_temp
    as $$
declare
    verdict private.benchmark_snapshots;
    n bigint := cardinality(figures);
    total double precision;
    largest double precision;
    second double precision;
    edges double precision[];
    quartiles double precision[];
begin
    select sum(v), max(v) into total, largest from unnest(volumes) v;
    select v into second from unnest(volumes) v order by v desc offset 1 limit 1;
    select sha256(convert_to(string_agg(f || ':' || v, ' ' order by f, v), 'UTF8')) into verdict.input_digest
        from unnest(figures, volumes) u (f, v);
    verdict.outcome := case
        when eligible < k then 'GROUP_TOO_SMALL'
        when n = 0 then 'DIFFERENCING'
        when largest > declared.largest_share * total or largest + second > declared.two_largest_share * total then 'DOMINANCE'
        when total - largest - second < 0.15 * largest then 'P_PERCENT'
        else 'released'
    end;
    if verdict.outcome = 'released' then
        edges := (select percentile_cont(array[0.05, 0.95]) within group (order by f) from unnest(figures) f);
        quartiles := (select percentile_cont(array[0.25, 0.50, 0.75]) within group (order by least(greatest(f, edges[1]), edges[2]))
            from unnest(figures) f);
        verdict.p50 := private.round_benchmark(quartiles[2], declared.unit);
        if n >= 2 * k then
            verdict.p25 := private.round_benchmark(quartiles[1], declared.unit);
            verdict.p75 := private.round_benchmark(quartiles[3], declared.unit);
        end if;
        verdict.size_band := case when n < 10 then '5–9' when n < 20 then '10–19' when n < 50 then '20–49' else '50+' end;
    end if;
    return verdict;
end
$$;

-- Judges the whole and each cohort of one metric and period, and stores every verdict. A released one never changes.
create or replace function private.judge_benchmarks(
    build private.benchmark_builds, k integer, members bytea[], cohorts text[], figures double precision[], volumes double precision[]
) returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
    as $$
declare
    declared private.benchmarks;
    judged record;
    verdict private.benchmark_snapshots;
begin
    select * into strict declared from private.benchmarks b where b.metric = build.metric;
    perform private.part_benchmark_blocks(build.metric, k, members);
    perform private.form_benchmark_blocks(build.metric, k, members, cohorts);
    for judged in
        with given as (
            select g.member, g.cohort, w.member is not null as counted, w.cohort as label,
                case when w.coarse then private.benchmark_cell(g.figure, declared.unit) else g.figure end as figure,
                case when w.coarse then private.benchmark_cell(g.volume, 'events') else g.volume end as volume
            from unnest(members, cohorts, figures, volumes) g (member, cohort, figure, volume)
                left join private.whole_benchmark_blocks(build.metric, k, members) w on w.member = g.member
        ), places (dimension, cohort) as (
            select 'all', 'all' union all select distinct declared.dimension, cohort from given where cohort is not null
        )
        select p.dimension, p.cohort, count(*) filter (where p.dimension = 'all' or g.cohort = p.cohort) as eligible,
            coalesce(array_agg(g.figure) filter (where g.counted and (p.dimension = 'all' or g.label = p.cohort)), '{}') as figures,
            coalesce(array_agg(g.volume) filter (where g.counted and (p.dimension = 'all' or g.label = p.cohort)), '{}') as volumes
        from places p left join given g on p.dimension = 'all' or p.cohort in (g.cohort, g.label)
        group by 1, 2 order by 1, 2
    loop
        verdict := private.judge_benchmark(declared, k, judged.eligible, judged.figures, judged.volumes);
        if exists (
            select from private.benchmark_snapshots s
            where s.metric = build.metric and s.period = build.period and s.dimension = judged.dimension and s.cohort = judged.cohort
                and s.outcome = 'released'
        ) then
            verdict.outcome := 'frozen';
            verdict.size_band := null;
            verdict.p25 := null;
            verdict.p50 := null;
            verdict.p75 := null;
        end if;
        insert into private.benchmark_snapshots
            (build_id, metric, period, dimension, cohort, outcome, rules, minimum, input_digest, size_band, p25, p50, p75)
        values (build.id, build.metric, build.period, judged.dimension, judged.cohort, verdict.outcome, '1', k, verdict.input_digest,
            verdict.size_band, verdict.p25, verdict.p50, verdict.p75);
    end loop;
    update private.benchmark_panels p set used_at = now()
    from private.whole_benchmark_blocks(build.metric, k, members) w
    where p.metric = build.metric and p.member = w.member;
end
$$;

-- Serves one request, and records the result in the audit log of operations.
create or replace function private.build_benchmark(build_id uuid, k integer) returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
    as $$
#variable_conflict use_variable
declare
    build private.benchmark_builds;
    least_volume integer;
begin
    perform storage.take_lock('benchmarks');
    select * into build from private.benchmark_builds b where b.id = build_id and b.status = 'queued';
    if not found then
        return;
    end if;
    if private.benchmark_lags(build.metric, build.period) then
        insert into private.benchmark_snapshots (build_id, metric, period, dimension, cohort, outcome, rules, minimum)
            values (build.id, build.metric, build.period, 'all', 'all', 'LAG', '1', k);
    else
        perform private.make_benchmark_secret();
        perform private.judge_benchmarks(build, k, coalesce(array_agg(private.benchmark_member(f.unit)), '{}'),
                coalesce(array_agg(f.cohort), '{}'), coalesce(array_agg(f.figure), '{}'), coalesce(array_agg(f.volume), '{}'))
            from private.benchmark_figures(build.metric, array[build.period]) f
            where f.volume >= (select b.least_volume from private.benchmarks b where b.metric = build.metric);
    end if;
    update private.benchmark_builds b set status = 'completed', completed_at = clock_timestamp() where b.id = build.id;
    perform private.append_audit(t.id, 'benchmark.built', build.id::text, jsonb_build_object('metric', build.metric, 'period', build.period,
            'outcomes', (select jsonb_agg(jsonb_build_object('cohort', s.cohort, 'outcome', s.outcome, 'rules', s.rules,
                    'minimum', s.minimum, 'input_digest', encode(s.input_digest, 'hex')) order by s.id)
                from private.benchmark_snapshots s where s.build_id = build.id)))
        from private.tenants t where t.kind = 'operations';
end
$$;

-- Requests the last week and month of every metric that may be published, once a day until it is, and deletes blocks unused for a
-- year.
create or replace function private.ask_for_due_benchmarks() returns void
    language sql
    set search_path = pg_catalog, pg_temp
    as $$
    delete from private.benchmark_panels p where p.used_at < now() - interval '1 year';
    insert into private.benchmark_builds (id, metric, period)
    select gen_random_uuid(), b.metric, d.period
    from private.benchmarks b, lateral (
        values (to_char((now() - b.rest) at time zone 'UTC' - interval '7 days', 'IYYY-"W"IW')),
            (to_char(date_trunc('month', (now() - b.rest) at time zone 'UTC') - interval '1 month', 'YYYY-MM'))
    ) d (period)
    where exists (select from private.benchmark_units)
        and not private.benchmark_lags(b.metric, d.period)
        and not exists (
            select from private.benchmark_builds o where o.metric = b.metric and o.period = d.period
                and (o.status = 'queued' or o.completed_at >= date_trunc('day', now(), 'UTC')
                    or exists (select from private.benchmark_snapshots s where s.build_id = o.id and s.dimension = 'all' and s.outcome = 'released'))
        )
$$;

revoke all on function private.round_benchmark, private.benchmark_cell, private.judge_benchmark, private.judge_benchmarks,
    private.build_benchmark, private.ask_for_due_benchmarks from public;

reset role;
