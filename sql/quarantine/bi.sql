-- Functions for the cards of dashboards; sql/metrics/bi.sql says how they work.
set local role mirante_views;

-- Rejected events by reason. `waiting`: those that no replay has stored.
create function bi.quarantined(tenant_grant text, since timestamptz, until timestamptz, width text) returns table (
    bucket timestamptz, status text, code text, type text, refused bigint, waiting bigint, last_at timestamptz
)
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_custom_plan
    as $$
#variable_conflict use_column
declare
    before text := private.open_grant(tenant_grant);
    zone text := (select timezone from app.tenant);
    bucket_starts timestamptz[];
begin
    perform storage.whole_days(since, until, width, zone);
    bucket_starts := storage.starts(since, until, width, zone);
    return query
        select storage.bucket_of(date_trunc('hour', q.received_at, 'UTC'), bucket_starts), q.status, q.code, q.type, count(*),
            count(*) filter (where q.replayed_at is null), max(q.received_at)
        from app.quarantine q
        where q.received_at >= since and q.received_at < until
        group by 1, 2, 3, 4 order by 1, 2, 3, 4;
    perform set_config('app.tenant_id', before, true);
end
$$;

revoke all on function bi.quarantined from public;
grant execute on function bi.quarantined to mirante_metabase;

reset role;
