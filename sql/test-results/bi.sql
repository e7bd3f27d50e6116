-- Test results for the cards of dashboards. A window contains the results whose scan was made in it; those without a date are in none.
set local role mirante_views;

-- How many students have which result, in percent of the marks available in the test.
create function bi.test_results(tenant_grant text, since timestamptz, until timestamptz, width text, variadic only_tests text[] default null) returns table (
    bucket timestamptz, test text, percent double precision, results bigint
)
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_custom_plan
    as $$
#variable_conflict use_column
declare
    before text := private.open_grant(tenant_grant);
    bucket_starts timestamptz[] := storage.starts(since, until, width, (select timezone from app.tenant));
begin
    return query
        select m.bucket, m.test_id, m.mark * 100.0::double precision / max(m.available) over (partition by m.test_id), m.results
        from (
            select storage.bucket_of(r.date_of_test, bucket_starts) as bucket, r.test_id, r.obtained_points as mark,
                max(r.available_points) as available, count(*) as results
            from app.student_test_results r
            where r.date_of_test >= since and r.date_of_test < until and (only_tests is null or r.test_id = any (only_tests))
            group by 1, 2, 3
        ) m
        order by 1, 2, 3;
    perform set_config('app.tenant_id', before, true);
end
$$;

-- Quartiles of each bucket, interpolated as percentile_cont() does, from the counts above: sorting every result would take long.
create function bi.test_quartiles(tenant_grant text, since timestamptz, until timestamptz, width text, variadic only_tests text[] default null) returns table (
    bucket timestamptz, p25 double precision, p50 double precision, p75 double precision, results bigint
)
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
#variable_conflict use_column
declare
    before text := private.open_grant(tenant_grant);
begin
    return query
        select q.bucket, max(q.value) filter (where q.share = 0.25), max(q.value) filter (where q.share = 0.5),
            max(q.value) filter (where q.share = 0.75), max(q.total)::bigint
        from (
            select r.bucket, s.share, max(r.total) as total,
                min(r.percent) filter (where r.reached > floor(s.share * (r.total - 1)))
                    + (min(r.percent) filter (where r.reached > ceil(s.share * (r.total - 1)))
                        - min(r.percent) filter (where r.reached > floor(s.share * (r.total - 1))))
                    * max(s.share * (r.total - 1) - floor(s.share * (r.total - 1))) as value
            from (
                select t.bucket, t.percent, sum(sum(t.results)) over (partition by t.bucket order by t.percent) as reached,
                    sum(sum(t.results)) over (partition by t.bucket) as total
                from bi.test_results(tenant_grant, since, until, width, variadic only_tests) t
                group by t.bucket, t.percent
            ) r
                cross join (values (0.25), (0.5), (0.75)) s (share)
            group by r.bucket, s.share
        ) q
        group by q.bucket order by q.bucket;
    perform set_config('app.tenant_id', before, true);
end
$$;

-- What was odd about documents of test results that arrived in the window. A document that was refused has one finding: why.
create function bi.test_findings(tenant_grant text, since timestamptz, until timestamptz, width text) returns table (
    bucket timestamptz, code text, status text, documents bigint, last_at timestamptz
)
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_custom_plan
    as $$
#variable_conflict use_column
declare
    before text := private.open_grant(tenant_grant);
    bucket_starts timestamptz[] := storage.starts(since, until, width, (select timezone from app.tenant));
begin
    return query
        select storage.bucket_of(i.received_at, bucket_starts), f.value ->> 'code', i.status, count(distinct i.id), max(i.received_at)
        from app.imports i, jsonb_array_elements(i.findings) f (value)
        where i.importer = 'markr' and i.received_at >= since and i.received_at < until
        group by 1, 2, 3 order by 1, 4 desc, 2;
    perform set_config('app.tenant_id', before, true);
end
$$;

revoke all on function bi.test_results, bi.test_quartiles, bi.test_findings from public;
grant execute on function bi.test_results, bi.test_quartiles, bi.test_findings to mirante_metabase;

reset role;
