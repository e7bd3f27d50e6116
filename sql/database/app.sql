-- What a tenant may see. Gate 1: every view names its tenant and is a security barrier; gate 2 lies below, on the tables.
set local role mirante_views;

create view app.tenant with (security_barrier) as
    select id, slug, name, kind, country, timezone, locale, features, attributes, raw_retention_days
    from private.tenants
    where id = (select private.current_tenant());
grant select on app.tenant to mirante_api, mirante_sql;

-- A tenant's shorter raw retention hides rows at once; they leave with their chunk.
create view app.events with (security_barrier) as
    select time, id, received_at, type, source, event_id, subject, outcome, duration_ms, bytes, data, attributes
    from private.events
    where tenant_id = (select private.current_tenant())
        and time >= (select now() - make_interval(days => coalesce(raw_retention_days, 36500)) from app.tenant);
grant select on app.events to mirante_api, mirante_sql;

-- The same in a stable order, which is that of the key: asked for outside a security barrier, an order is sorted for, and an
-- export would wait for its first row until the last one had been read.
create view app.events_in_order with (security_barrier) as
    select time, id, received_at, type, source, event_id, subject, outcome, duration_ms, bytes, data, attributes
    from private.events
    where tenant_id = (select private.current_tenant())
        and time >= (select now() - make_interval(days => coalesce(raw_retention_days, 36500)) from app.tenant)
    order by time, id;
grant select on app.events_in_order to mirante_api;

create view app.rule_hits with (security_barrier) as
    select time, id, rule, marketplace, hits
    from private.rule_hits
    where tenant_id = (select private.current_tenant())
        and time >= (select now() - make_interval(days => coalesce(raw_retention_days, 36500)) from app.tenant);
grant select on app.rule_hits to mirante_api, mirante_sql;

create view app.event_types with (security_barrier) as
    select tenant_id, type, version, schema, mode, description, created_at, personal_fields, subject, processing
    from private.event_types
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select, insert on app.event_types to mirante_api;
grant select on app.event_types to mirante_sql;

create view app.withdrawn_subjects with (security_barrier) as
    select tenant_id, subject_hash, withdrawn_at
    from private.withdrawn_subjects
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select, insert, delete on app.withdrawn_subjects to mirante_api;

create view app.quarantine with (security_barrier) as
    select id, received_at, status, code, detail, pointer, type, raw, replayed_at,
        (select k.name from private.api_keys k where k.id = key_id) as key_name
    from private.quarantine
    where tenant_id = (select private.current_tenant());
grant select on app.quarantine to mirante_api;

-- Whom a request is about is written through here and never read: answers have the pseudonym.
create view app.privacy_requests with (security_barrier) as
    select id, tenant_id, kind, person, person_hash, reason, status, progress, created_at, due_at, completed_at, outcome
    from private.privacy_requests
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select (id, kind, person_hash, reason, status, progress, created_at, due_at, completed_at, outcome), insert
    on app.privacy_requests to mirante_api;

-- Not what a request has written that was not completed.
create view app.privacy_files with (security_barrier) as
    select request_id, name, part, content
    from private.privacy_files f
    where tenant_id = (select private.current_tenant())
        and exists (select from private.privacy_requests r
            where r.tenant_id = f.tenant_id and r.id = f.request_id and r.status = 'completed');
grant select on app.privacy_files to mirante_api;

create view app.benchmark_consents with (security_barrier) as
    select id, tenant_id, accepted, text_version, at
    from private.benchmark_consents
    where tenant_id = (select private.current_tenant())
    with cascaded check option;
grant select, insert on app.benchmark_consents to mirante_api;

-- Without `seq` and `hash`: they tell how much happens at other tenants.
create view app.audit_log with (security_barrier) as
    select at, actor, action, target, details
    from private.audit_log
    where tenant_id = (select private.current_tenant());
grant select on app.audit_log to mirante_api;

-- Without those of a refresh that is under way.
create view app.restatements with (security_barrier) as
    select id, rollup, bucket, before, after, restated_at
    from private.restatements
    where tenant_id = (select private.current_tenant()) and after is not null;
create view app.reconciliations with (security_barrier) as
    select ran_at, hours, receipts, raw, rolled_up, quarantined, differences, first_difference
    from private.reconciliations
    where tenant_id = (select private.current_tenant());
-- A day's score is the share of its weight that was earned; what is unknown has no weight.
create view app.data_quality with (security_barrier) as
    select day, check_name, status, value, weight, checked_at,
        weight * case status when 'pass' then 1.0 when 'warn' then 0.5 when 'fail' then 0 end as points
    from private.quality_results
    where tenant_id = (select private.current_tenant());
grant select on app.restatements, app.reconciliations, app.data_quality to mirante_api, mirante_sql;

create view app.events_hourly with (security_barrier) as
    select bucket, type, outcome, route, events, bytes
    from private.events_hourly where tenant_id = (select private.current_tenant());
create view app.events_daily with (security_barrier) as
    select bucket, type, outcome, route, events, bytes
    from private.events_daily where tenant_id = (select private.current_tenant());
create view app.latency_hourly with (security_barrier) as
    select bucket, type, route, bin, events
    from private.latency_hourly where tenant_id = (select private.current_tenant());
create view app.latency_daily with (security_barrier) as
    select bucket, type, route, bin, events
    from private.latency_daily where tenant_id = (select private.current_tenant());
create view app.validations_hourly with (security_barrier) as
    select bucket, marketplace, outcome, validations, rows, errors, warnings
    from private.validations_hourly where tenant_id = (select private.current_tenant());
create view app.validations_daily with (security_barrier) as
    select bucket, marketplace, outcome, validations, rows, errors, warnings
    from private.validations_daily where tenant_id = (select private.current_tenant());
create view app.rules_hourly with (security_barrier) as
    select bucket, marketplace, rule, hits, validations
    from private.rules_hourly where tenant_id = (select private.current_tenant());
create view app.rules_daily with (security_barrier) as
    select bucket, marketplace, rule, hits, validations
    from private.rules_daily where tenant_id = (select private.current_tenant());
create view app.corrections_hourly with (security_barrier) as
    select bucket, marketplace, rule, corrections, rows
    from private.corrections_hourly where tenant_id = (select private.current_tenant());
create view app.corrections_daily with (security_barrier) as
    select bucket, marketplace, rule, corrections, rows
    from private.corrections_daily where tenant_id = (select private.current_tenant());
grant select on app.events_hourly, app.events_daily, app.latency_hourly, app.latency_daily, app.validations_hourly,
    app.validations_daily, app.rules_hourly, app.rules_daily, app.corrections_hourly, app.corrections_daily to mirante_api,
    mirante_sql;

reset role;
