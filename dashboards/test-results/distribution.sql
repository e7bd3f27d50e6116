select lpad(low::text, 2, '0') || '–' || low + 10 || ' %' as band, results
from (
    select b.low, coalesce(r.results, 0)::bigint as results, sum(r.results) over () as total
    from (select generate_series(0, 90, 10) as low) b
        left join (
            select least(floor(percent / 10) * 10, 90) as low, sum(results) as results
            from bi.test_results({{grant}}, {{from}}::timestamptz, {{to}}::timestamptz, 'total')
            where true [[and test in ({{test}})]]
            group by 1
        ) r on r.low = b.low
) d
where total > 0
order by low
