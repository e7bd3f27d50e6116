set local role mirante_owner;

-- Null where Metabase does not have that dashboard.
create function door.metabase_dashboard(wanted text) returns integer
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select m.dashboard_id from private.metabase_dashboards m where m.slug = wanted
$$;
revoke all on function door.metabase_dashboard from public;
grant execute on function door.metabase_dashboard to mirante_api;

reset role;
