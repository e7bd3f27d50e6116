set local role mirante_owner;

-- Counts over all tenants for the platform's own metrics: firing rules, and the deliveries still in the log.
create function door.alert_counts() returns table (firing bigint, waiting bigint, delivered bigint, failed bigint)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select (select count(*) from private.alert_states s where s.state = 'firing'),
        count(*) filter (where d.status = 'waiting'), count(*) filter (where d.status = 'delivered'),
        count(*) filter (where d.status = 'failed')
    from private.alert_deliveries d
$$;
revoke all on function door.alert_counts from public;
grant execute on function door.alert_counts to mirante_api;

reset role;
