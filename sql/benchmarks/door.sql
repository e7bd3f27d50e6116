set local role mirante_owner;

create function door.benchmarks() returns table (
    metric text, unit text, description text, class text, least_volume integer, rest_months integer, largest_share numeric,
    two_largest_share numeric
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select b.metric, b.unit, b.description, b.class, b.least_volume, extract(month from b.rest)::integer, b.largest_share, b.two_largest_share
    from private.benchmarks b order by b.metric
$$;

-- One metric for the current tenant; without a period, of the newest one that it can see.
create function door.benchmark_answer(of_metric text, of_period text) returns table (
    metric text, period text, unit text, own double precision, cohort text, size_band text, p25 double precision, p50 double precision,
    p75 double precision, suppressed text, rules text, minimum integer
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select a.* from private.benchmark_answers(of_metric, array[coalesce(of_period, private.latest_benchmark(of_metric, now()))]) a
$$;

create function door.ask_for_benchmark(id uuid, metric text, period text) returns setof private.benchmark_builds
    language sql security definer
    set search_path = pg_catalog, pg_temp
    as $$
    insert into private.benchmark_builds (id, metric, period) values (id, metric, period) returning *
$$;

-- Requests with the verdicts on their cohorts, newest first, one or a page. Without digests: only the database compares them.
create function door.benchmark_builds(only_id uuid, before timestamptz, before_id uuid, page_size integer) returns table (
    id uuid, metric text, period text, status text, requested_at timestamptz, completed_at timestamptz, outcomes jsonb
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select b.id, b.metric, b.period, b.status, b.requested_at, b.completed_at, coalesce((
        select jsonb_agg(jsonb_build_object('dimension', s.dimension, 'cohort', s.cohort, 'outcome', s.outcome, 'size_band', s.size_band,
            'rules', s.rules, 'minimum', s.minimum, 'built_at', s.built_at,
            'input_changed', case s.outcome when 'frozen' then s.input_digest is distinct from (
                select f.input_digest from private.benchmark_snapshots f
                where f.metric = s.metric and f.period = s.period and f.dimension = s.dimension and f.cohort = s.cohort and f.outcome = 'released'
            ) end) order by s.id)
        from private.benchmark_snapshots s where s.build_id = b.id), '[]')
    from private.benchmark_builds b
    where (only_id is null or b.id = only_id) and (before is null or (b.requested_at, b.id) < (before, before_id))
    order by b.requested_at desc, b.id desc limit page_size
$$;

revoke all on function door.benchmarks, door.benchmark_answer, door.ask_for_benchmark, door.benchmark_builds from public;
grant execute on function door.benchmarks, door.benchmark_answer, door.ask_for_benchmark, door.benchmark_builds to mirante_api;

reset role;
