-- Results under both gates: exactly these columns.
set local role mirante_views;

create view app.student_test_results with (security_barrier) as
    select student_id, test_id, available_points, obtained_points, origins_import_vault, date_of_test, updated_on
    from private.student_test_results
    where tenant_id = (select private.current_tenant());
grant select on app.student_test_results to mirante_api, mirante_sql;

create view app.tests with (security_barrier) as
    select test_id, policy
    from private.tests
    where tenant_id = (select private.current_tenant());
grant select on app.tests to mirante_api, mirante_sql;

reset role;

set local role mirante_owner;

-- The best result of each student: of the scans of one document from a number on, or of all scans of some tests. By policy of the test,
-- lexicographic.v1: the greatest pair of marks available and obtained; max-each.v1: the greatest marks available and, separately, the
-- greatest obtained. The date is that of the winning scan, of equal ones the earliest. Nothing depends on the order of scans.
create or replace function private.best_results(tenant uuid, document uuid, first_number integer, tests text[]) returns setof private.student_test_results
    language plpgsql stable
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_custom_plan
    as $$
begin
    return query
        select tenant, s.student_id, s.test_id, max(s.available), max(s.obtained) filter (where s.rank = 1),
            array_agg(distinct s.import_id), min(s.scanned_at) filter (where s.rank = 1), now()
        from (
            select u.*, rank() over (partition by u.test_id, u.student_id
                order by case t.policy when 'max-each.v1' then 0 else u.available end desc, u.obtained desc) as rank
            from private.test_scans u
                join private.tests t on t.tenant_id = u.tenant_id and t.test_id = u.test_id
            where u.tenant_id = tenant and (document is null or u.import_id = document and u.number >= first_number)
                and (best_results.tests is null or u.test_id = any (best_results.tests))
        ) s
        group by s.test_id, s.student_id
        -- Writers lock results in this order, so that no two wait for each other.
        order by s.test_id, s.student_id;
end
$$;
revoke all on function private.best_results from public;

-- The better of two results of a student: the same rule as above for results that were each found from some of the scans.
create or replace function private.better_result(held private.student_test_results, newcomer private.student_test_results, is_max_each boolean)
    returns private.student_test_results
    language sql stable
    as $$
    select held.tenant_id, held.student_id, held.test_id, b.available, b.obtained,
        array(select distinct o from unnest(held.origins_import_vault || newcomer.origins_import_vault) o order by o), b.date,
        case when (b.available, b.obtained, b.date) is distinct from (held.available_points, held.obtained_points, held.date_of_test)
            then newcomer.updated_on else held.updated_on end
    from (
        select greatest(held.available_points, newcomer.available_points) as available,
            case when o.outcome > 0 then newcomer.obtained_points else held.obtained_points end as obtained,
            case o.outcome when 1 then newcomer.date_of_test when 0 then least(held.date_of_test, newcomer.date_of_test)
                else held.date_of_test end as date
        from (
            select case when is_max_each or newcomer.available_points = held.available_points
                then sign(newcomer.obtained_points - held.obtained_points)
                else sign(newcomer.available_points - held.available_points) end as outcome
        ) o
    ) b
$$;
revoke all on function private.better_result from public;

-- Adds scans of a document, numbered from first_number, and merges them into the results. Returns how many results are new or have other
-- marks. Any order of calls, also at once or repeated, ends with the same results. `new_policy` is that of tests that are new.
create or replace function private.add_test_scans(
    tenant uuid, document uuid, first_number integer, students text[], tests text[], availables integer[], obtaineds integer[],
    times timestamptz[], new_policy text
) returns bigint
    language plpgsql
    set search_path = pg_catalog, pg_temp
    as $$
declare
    names text[] := array(select distinct n from unnest(tests) n order by n);
    max_each text[];
    changed bigint;
begin
    insert into private.tests (tenant_id, test_id, policy)
        select tenant, n, coalesce(new_policy, 'lexicographic.v1') from unnest(names) n order by n
        on conflict do nothing;
    perform from private.tests t where t.tenant_id = tenant and t.test_id = any (names) order by t.test_id for key share;
    max_each := array(
        select t.test_id from private.tests t where t.tenant_id = tenant and t.test_id = any (names) and t.policy = 'max-each.v1');

    insert into private.test_scans as s (tenant_id, import_id, number, test_id, student_id, available, obtained, scanned_at)
        select tenant, document, first_number + u.n - 1, u.test, u.student, u.available, u.obtained, u.time
        from unnest(tests, students, availables, obtaineds, times) with ordinality u (test, student, available, obtained, time, n)
        -- Another scan has the number if the document was rewritten without a person between two readings of it.
        on conflict (tenant_id, import_id, number) do update
        set test_id = excluded.test_id, student_id = excluded.student_id, available = excluded.available, obtained = excluded.obtained,
            scanned_at = excluded.scanned_at
        where (s.test_id, s.student_id, s.available, s.obtained, s.scanned_at)
            is distinct from (excluded.test_id, excluded.student_id, excluded.available, excluded.obtained, excluded.scanned_at);

    with merged as (
        insert into private.student_test_results as r
            select b.* from private.best_results(tenant, document, first_number, null) b
            on conflict (tenant_id, student_id, test_id) do update
            set (available_points, obtained_points, origins_import_vault, date_of_test, updated_on) = (
                select b.available_points, b.obtained_points, b.origins_import_vault, b.date_of_test, b.updated_on
                from private.better_result(r, excluded, excluded.test_id = any (max_each)) b)
            returning r.updated_on
    )
    select count(*) filter (where m.updated_on = now()) into changed from merged m;
    return changed;
end
$$;
revoke all on function private.add_test_scans from public;

-- Locks tests against new scans until this transaction ends, and judges them by another policy if there is one.
create or replace function private.hold_tests(tenant uuid, tests text[], other_policy text) returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
    as $$
begin
    insert into private.tests (tenant_id, test_id)
        select distinct tenant, n from unnest(tests) n order by n
        on conflict do nothing;
    perform from private.tests t where t.tenant_id = tenant and t.test_id = any (tests) order by t.test_id for update;
    update private.tests t set policy = other_policy
        where t.tenant_id = tenant and t.test_id = any (tests) and other_policy is not null and t.policy <> other_policy;
end
$$;
revoke all on function private.hold_tests from public;

-- Finds all results of some tests from all their scans. Call private.hold_tests() before it.
create or replace function private.judge_tests(tenant uuid, tests text[]) returns void
    language plpgsql
    set search_path = pg_catalog, pg_temp
    as $$
begin
    delete from private.student_test_results r
        where r.tenant_id = tenant and r.test_id = any (tests)
            and not exists (select from private.test_scans s
                where s.tenant_id = r.tenant_id and s.test_id = r.test_id and s.student_id = r.student_id);
    insert into private.student_test_results as r
        select b.* from private.best_results(tenant, null, null, tests) b
        on conflict (tenant_id, student_id, test_id) do update
        set available_points = excluded.available_points, obtained_points = excluded.obtained_points,
            origins_import_vault = excluded.origins_import_vault, date_of_test = excluded.date_of_test, updated_on = case
                when (r.available_points, r.obtained_points, r.date_of_test)
                    is distinct from (excluded.available_points, excluded.obtained_points, excluded.date_of_test) then excluded.updated_on
                else r.updated_on
            end
        where (r.available_points, r.obtained_points, r.date_of_test, r.origins_import_vault)
            is distinct from (excluded.available_points, excluded.obtained_points, excluded.date_of_test, excluded.origins_import_vault);
end
$$;
revoke all on function private.judge_tests from public;

reset role;
