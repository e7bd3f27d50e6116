set local role mirante_owner;

-- Rejected events of all tenants by reason. Reads tenant by tenant along the key, because no index begins with the time.
create function ops.quarantined(since timestamptz, until timestamptz, width text) returns table (
    bucket timestamptz, status text, code text, refused bigint, waiting bigint
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
        select storage.bucket_of(date_trunc('hour', q.received_at, 'UTC'), bucket_starts), q.status, q.code, count(*),
            count(*) filter (where q.replayed_at is null)
        from private.tenants t join private.quarantine q on q.tenant_id = t.id
        where t.kind <> 'canary' and q.received_at >= since and q.received_at < until
        group by 1, 2, 3 order by 1, 2, 3;
end
$$;

reset role;
