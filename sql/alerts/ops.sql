-- Alerts of all tenants together: only counts, without tenants, metrics or recipients.
set local role mirante_owner;

create function ops.alert_deliveries(since timestamptz, until timestamptz, width text) returns table (
    bucket timestamptz, kind text, status text, deliveries bigint, attempts bigint, oldest_seconds double precision
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
        select storage.bucket_of(date_trunc('hour', d.created_at, 'UTC'), bucket_starts), e.kind, d.status, count(*),
            sum(d.attempts)::bigint,
            extract(epoch from now() - min(d.created_at) filter (where d.status = 'waiting'))::double precision
        from private.alert_deliveries d
            join private.alert_endpoints e on e.id = d.endpoint_id
            join private.tenants t on t.id = d.tenant_id
        where d.created_at >= since and d.created_at < until and t.kind <> 'canary'
        group by 1, 2, 3 order by 1, 2, 3;
end
$$;

-- Rules by their last state, including disabled ones.
create function ops.alert_rules() returns table (state text, rules bigint, tenants bigint)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select case when r.enabled then coalesce(s.state, 'unknown') else 'off' end, count(*), count(distinct r.tenant_id)
    from private.alert_rules r join private.tenants t on t.id = r.tenant_id left join private.alert_states s on s.rule_id = r.id
    where t.kind <> 'canary'
    group by 1 order by 1
$$;

reset role;
