set local role mirante_owner;

-- Since when this tenant's raw events are available; before that, only hourly metrics are. Null: none has left yet.
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

-- Since when a roll-up's rows are available. Null: none has left yet.
create function door.rollup_since(rollup text) returns timestamptz
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select nullif(r.retained_from, '-infinity') from storage.rollups r where r.name = rollup
$$;
revoke all on function door.rollup_since from public;
grant execute on function door.rollup_since to mirante_api;

-- UTC days whose hours a refresh may have updated before the day itself: the tenant's days on the ledger.
create function door.days_under_way(since timestamptz, until timestamptz) returns timestamptz[]
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select coalesce(array_agg(distinct date_trunc('day', d.hour, 'UTC')), '{}')
    from private.dirty_hours d, (select private.current_tenant() as id) t
    where d.hour >= since and d.hour < until and (d.tenant_id is null or d.tenant_id = t.id)
$$;
revoke all on function door.days_under_way from public;
grant execute on function door.days_under_way to mirante_api;

reset role;
