-- What a tenant sees: its own value, and the published values of its cohort, which are the same for all its members.
set local role mirante_owner;

-- The newest published period of a metric that the current tenant may see and that began before a time; else the last week that
-- was over by then.
create or replace function private.latest_benchmark(of_metric text, before timestamptz) returns text
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select coalesce((
        select s.period
        from private.benchmark_snapshots s, private.benchmark_period(s.period) p, private.tenants t
        where s.metric = of_metric and s.outcome = 'released' and t.id = private.current_tenant()
            and (s.dimension = 'all' or s.cohort = t.attributes ->> s.dimension) and p.since < before
        order by p.until desc, p.since desc limit 1
    ), to_char(least(before, now()) at time zone 'UTC' - interval '7 days', 'IYYY-"W"IW'))
$$;

-- The current tenant's own values and its cohort's, or the code of the reason why there are none.
create or replace function private.benchmark_answers(of_metric text, of_periods text[]) returns table (
    metric text, period text, unit text, own double precision, cohort text, size_band text, p25 double precision, p50 double precision,
    p75 double precision, suppressed text, rules text, minimum integer
)
    language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
#variable_conflict use_column
declare
    me private.tenants;
    declared private.benchmarks;
    takes_part boolean;
begin
    select * into strict me from private.tenants t where t.id = private.current_tenant();
    select * into strict declared from private.benchmarks b where b.metric = of_metric;
    takes_part := exists (select from private.benchmark_units u where u.tenant_id = me.id);
    return query
        select declared.metric, a.period, declared.unit, a.own, case when a.code is null then (a.s).cohort end,
            case when a.code is null then (a.s).size_band end, case when a.code is null then (a.s).p25 end,
            case when a.code is null then (a.s).p50 end, case when a.code is null then (a.s).p75 end, a.code, (a.s).rules, (a.s).minimum
        from (
            select asked.period, f.figure as own, s, case
                when not takes_part then 'NOT_OPTED_IN'
                when s.id is null and private.benchmark_lags(declared.metric, asked.period) then 'LAG'
                when coalesce(f.volume, 0) < declared.least_volume then 'LOW_VOLUME'
                when s.id is null then coalesce(refused.outcome, 'LAG')
            end as code
            from unnest(of_periods) asked (period)
                left join private.benchmark_figures(declared.metric, of_periods, me.id) f on f.period = asked.period
                left join lateral (
                    select * from private.benchmark_snapshots r
                    where r.metric = declared.metric and r.period = asked.period and r.outcome = 'released'
                        and (r.dimension = 'all' or (r.dimension = declared.dimension and r.cohort = me.attributes ->> declared.dimension))
                    order by r.dimension = 'all' limit 1
                ) s on true
                left join lateral (
                    select r.outcome from private.benchmark_snapshots r
                    where r.metric = declared.metric and r.period = asked.period and r.dimension = 'all' and r.outcome not in ('released', 'frozen')
                    order by r.id desc limit 1
                ) refused on true
        ) a;
end
$$;

revoke all on function private.latest_benchmark, private.benchmark_answers from public;
grant execute on function private.latest_benchmark, private.benchmark_answers to mirante_views;

reset role;
