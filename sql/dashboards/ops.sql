set local role mirante_owner;

-- Dashboards opened on the UTC days that the window touches. A day counts for the bucket that contains its noon.
create function ops.opens(since timestamptz, until timestamptz, width text) returns table (
    bucket timestamptz, tenant text, dashboard text, surface text, opens bigint
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
        select storage.bucket_of((o.day + time '12:00') at time zone 'UTC', bucket_starts), t.slug, o.dashboard, o.surface,
            sum(o.opens)::bigint
        from private.dashboard_opens o join private.tenants t on t.id = o.tenant_id
        where o.day >= (since at time zone 'UTC')::date and o.day <= ((until - interval '1 microsecond') at time zone 'UTC')::date
            and t.kind <> 'canary'
        group by 1, 2, 3, 4 order by 1, 2, 3, 4;
end
$$;

reset role;
