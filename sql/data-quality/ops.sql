set local role mirante_owner;

-- The latest nightly check of each tenant that every event with a receipt is stored and rolled up. Tenants with differences come
-- first.
create function ops.reconciliation() returns table (
    tenant text, ran_at timestamptz, hours bigint, receipts bigint, raw bigint, rolled_up bigint, quarantined bigint, differences bigint,
    first_difference jsonb
)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select coalesce(t.slug, r.tenant_id::text), r.ran_at, r.hours, r.receipts, r.raw, r.rolled_up, r.quarantined, r.differences, r.first_difference
    from private.reconciliations r left join private.tenants t on t.id = r.tenant_id
    where r.ran_at > now() - interval '2 days' and t.kind is distinct from 'canary'
        and r.ran_at = (select max(o.ran_at) from private.reconciliations o where o.tenant_id = r.tenant_id)
    order by r.differences desc, 1
$$;

-- The latest checked day of the window for each tenant, worst score first.
create function ops.data_quality(since timestamptz, until timestamptz) returns table (
    tenant text, day date, score numeric, failing text, warning text, checked_at timestamptz
)
    language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_custom_plan
    as $$
#variable_conflict use_column
begin
    return query
        select t.slug, (q.day at time zone 'UTC')::date,
            round(100.0 * sum(q.weight * case q.status when 'pass' then 1.0 when 'warn' then 0.5 when 'fail' then 0 end)
                / nullif(sum(q.weight) filter (where q.status <> 'unknown'), 0), 1),
            string_agg(q.check_name, ', ' order by q.check_name) filter (where q.status = 'fail'),
            string_agg(q.check_name, ', ' order by q.check_name) filter (where q.status = 'warn'), max(q.checked_at)
        from private.quality_results q join private.tenants t on t.id = q.tenant_id
        where q.day >= date_trunc('day', since, 'UTC') and q.day < until and t.kind <> 'canary'
            and q.day = (select max(o.day) from private.quality_results o where o.tenant_id = q.tenant_id and o.day < until)
        group by t.slug, q.day
        order by 3 nulls last, 1;
end
$$;

reset role;
