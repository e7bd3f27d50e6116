set local role mirante_views;

create view app.quarantine with (security_barrier) as
    select id, received_at, status, code, detail, pointer, type, raw, replayed_at,
        (select k.name from private.api_keys k where k.id = key_id) as key_name
    from private.quarantine
    where tenant_id = (select private.current_tenant());
grant select on app.quarantine to mirante_api;

reset role;
