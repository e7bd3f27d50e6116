set local role mirante_views;

-- A tenant's public services. Its administrators create and change them through this view.
create view app.services with (security_barrier) as
    select tenant_id, slug, revision, name, locales, timezone, started, completed, journey_id, draft_limit_days, channels, assisted_digital,
        costs, comment_retention_days, journeys_to, collected_to, created_at, updated_at
    from private.services
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select, insert, update on app.services to mirante_api;
grant select on app.services to mirante_sql;

-- Ratings without their comments, which are personal data: those are read through door.comments() alone.
create view app.feedback with (security_barrier) as
    select id, service, received_at, rating, locale
    from private.feedback
    where tenant_id = (select private.current_tenant());
grant select on app.feedback to mirante_api, mirante_sql;

create view app.journeys with (security_barrier) as
    select service, id, started_at, completed_at
    from private.journeys
    where tenant_id = (select private.current_tenant());
grant select on app.journeys to mirante_api, mirante_sql;

reset role;
