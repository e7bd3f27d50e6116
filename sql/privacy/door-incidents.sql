set local role mirante_owner;

create function door.incidents(before uuid, most integer) returns setof private.incidents
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select * from private.incidents i where before is null or i.id < before order by i.id desc limit most
$$;

create function door.incident(incident uuid) returns setof private.incidents
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
    as $$
    select * from private.incidents i where i.id = incident
$$;

-- Creates an incident, or changes the members that `given` has. No row: there is none to change.
create function door.save_incident(incident uuid, given jsonb, is_new boolean) returns setof private.incidents
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    as $$
declare
    kept private.incidents;
begin
    if is_new then
        kept := jsonb_populate_record(null::private.incidents, given || jsonb_build_object('id', incident, 'created_at', now(),
            'kept_until', now() + interval '5 years', 'alerted', 0));
        kept.notify_by := private.business_days_after(kept.known_at, 3);
        insert into private.incidents select kept.*;
    else
        select * into kept from private.incidents i where i.id = incident for update;
        kept := jsonb_populate_record(kept, given);
        update private.incidents i set title = kept.title, description = kept.description, data_categories = kept.data_categories,
            tenant_ids = kept.tenant_ids, people = kept.people, measures = kept.measures, is_risk = kept.is_risk,
            occurred_at = kept.occurred_at, known_at = kept.known_at, notify_by = private.business_days_after(kept.known_at, 3),
            authority_notified_at = kept.authority_notified_at, people_notified_at = kept.people_notified_at,
            closed_at = kept.closed_at
            where i.id = incident;
    end if;
    return query select * from private.incidents i where i.id = incident;
end
$$;
revoke all on function door.incidents, door.incident, door.save_incident from public;
grant execute on function door.incidents, door.incident, door.save_incident to mirante_api;

reset role;
