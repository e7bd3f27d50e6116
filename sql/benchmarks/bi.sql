-- Functions for the cards of dashboards; sql/metrics/bi.sql says how they work.
set local role mirante_views;

-- The tenant's metrics and those of its cohort, for one metric or all. Periods are the ISO weeks in UTC that the window touches,
-- or months if the width is month; for `total`, the newest published period that began before the window's end. `own` covers the
-- same period, not the window, so that the two can be compared.
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

revoke all on function bi.benchmarks from public;
grant execute on function bi.benchmarks to mirante_metabase;

reset role;
