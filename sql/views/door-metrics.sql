set local role mirante_owner;

-- From when on this tenant's raw events are there: before, figures are kept by the hour only. Null: none has left yet.
create function door.raw_since() returns timestamptz
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select nullif(greatest(
        (select max(h.retained_from) from storage.hypertables h where h.name in ('events', 'rule_hits')),
        (select now() - make_interval(days => t.raw_retention_days) from private.tenants t
            where t.id = (select private.current_tenant()))), '-infinity')
$$;
revoke all on function door.raw_since from public;
grant execute on function door.raw_since to mirante_api;

reset role;
