-- What a fully migrated database holds on plain PostgreSQL 17, as its own catalogue tells it: a list to compare with, not to
-- run. Written by `npm run schema`; a test fails where it differs. Partitions are left out, because today's date makes them.

schema app owner mirante_views
    grant usage to mirante_api
    grant usage to mirante_sql

schema bi owner mirante_views
    grant usage to mirante_metabase

schema door owner mirante_owner
    grant usage to mirante_api
    grant usage to mirante_logins

schema limits owner mirante_owner
    grant usage to mirante_api

schema ops owner mirante_owner
    grant usage to mirante_ops

schema private owner mirante_owner
    grant usage to mirante_api
    grant usage to mirante_views

schema storage owner mirante_owner
    grant usage to mirante_logins
    grant usage to mirante_views

view app.alert_deliveries owner mirante_views with (security_barrier=true, check_option=cascaded)
 SELECT id,
    tenant_id,
    rule_id,
    endpoint_id,
    type,
    message,
    status,
    attempts,
    created_at,
    due_at,
    ended_at,
    response_code,
    error
   FROM private.alert_deliveries
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant insert, select to mirante_api

view app.alert_endpoints owner mirante_views with (security_barrier=true, check_option=cascaded)
 SELECT id,
    tenant_id,
    kind,
    target,
    description,
    secret_version,
    old_secret_until,
    disabled_at,
    created_at
   FROM private.alert_endpoints
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant delete, insert, select, update to mirante_api

view app.alert_rules owner mirante_views with (security_barrier=true, check_option=cascaded)
 SELECT id,
    tenant_id,
    name,
    enabled,
    metric,
    filter,
    condition,
    threshold,
    window_seconds,
    for_seconds,
    cool_down_seconds,
    no_data,
    notify,
    created_at,
    updated_at
   FROM private.alert_rules
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant delete, insert, select, update to mirante_api

view app.alert_states owner mirante_views with (security_barrier=true)
 SELECT tenant_id,
    rule_id,
    state,
    since,
    value,
    evaluated_at
   FROM private.alert_states
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api

view app.annotations owner mirante_views with (security_barrier=true, check_option=cascaded)
 SELECT id,
    tenant_id,
    "time",
    text,
    dashboard,
    created_at
   FROM private.annotations
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant delete, insert, select to mirante_api

view app.archive_files owner mirante_views with (security_barrier=true)
 SELECT id,
    type,
    day,
    name,
    rows,
    bytes,
    sha256,
    digest,
    first_time,
    last_time,
    first_received_at,
    last_received_at,
    written_at,
    (now() - make_interval(days => private.own_archive_keep_days(type))) AS visible_from
   FROM private.archive_files
  WHERE ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)) AND (status = 'live'::text));
    grant select to mirante_api

view app.audit_log owner mirante_views with (security_barrier=true)
 SELECT at,
    actor,
    action,
    target,
    details
   FROM private.audit_log
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api

view app.benchmark_consents owner mirante_views with (security_barrier=true, check_option=cascaded)
 SELECT id,
    tenant_id,
    accepted,
    text_version,
    at
   FROM private.benchmark_consents
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant insert, select to mirante_api

view app.bookmarks owner mirante_views with (security_barrier=true, check_option=cascaded)
 SELECT id,
    tenant_id,
    key_id,
    dashboard,
    name,
    query,
    created_at
   FROM private.bookmarks
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant delete, insert, select, update to mirante_api

view app.channel_connectors owner mirante_views with (security_barrier=true, check_option=cascaded)
 SELECT tenant_id,
    service,
    url,
    secret,
    mapping,
    schedule,
    day,
    first_period,
    enabled,
    state,
    error,
    detail,
    attempts,
    tried_at,
    fetched_at,
    fetched_period,
    due_at,
    created_at,
    updated_at
   FROM private.channel_connectors
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant delete, insert, select, update to mirante_api

view app.channel_counts owner mirante_views with (security_barrier=true, check_option=cascaded)
 SELECT id,
    tenant_id,
    service,
    period,
    revision,
    online,
    paper,
    phone,
    other,
    assisted_digital,
    costs,
    source,
    import_id,
    recorded_at
   FROM private.channel_counts
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant insert, select to mirante_api

view app.corrections_daily owner mirante_views with (security_barrier=true)
 SELECT bucket,
    marketplace,
    rule,
    corrections,
    rows
   FROM private.corrections_daily
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api
    grant select to mirante_sql

view app.corrections_hourly owner mirante_views with (security_barrier=true)
 SELECT bucket,
    marketplace,
    rule,
    corrections,
    rows
   FROM private.corrections_hourly
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api
    grant select to mirante_sql

view app.dashboard_links owner mirante_views with (security_barrier=true, check_option=cascaded)
 SELECT id,
    tenant_id,
    key_id,
    dashboard,
    prefix,
    hash,
    params,
    created_at,
    expires_at
   FROM private.dashboard_links
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant delete, insert, select to mirante_api

view app.data_quality owner mirante_views with (security_barrier=true)
 SELECT day,
    check_name,
    status,
    value,
    weight,
    checked_at,
    ((weight)::numeric *
        CASE status
            WHEN 'pass'::text THEN 1.0
            WHEN 'warn'::text THEN 0.5
            WHEN 'fail'::text THEN (0)::numeric
            ELSE NULL::numeric
        END) AS points
   FROM private.quality_results
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api
    grant select to mirante_sql

view app.event_types owner mirante_views with (security_barrier=true, check_option=cascaded)
 SELECT tenant_id,
    type,
    version,
    schema,
    mode,
    description,
    created_at,
    personal_fields,
    subject,
    processing
   FROM private.event_types
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant insert, select to mirante_api
    grant select to mirante_sql

view app.events owner mirante_views with (security_barrier=true)
 SELECT "time",
    id,
    received_at,
    type,
    source,
    event_id,
    subject,
    outcome,
    duration_ms,
    bytes,
    data,
    attributes
   FROM private.events
  WHERE ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)) AND (source <> ''::text) AND ("time" >= ( SELECT (now() - make_interval(days => COALESCE(tenant.raw_retention_days, 36500)))
           FROM app.tenant)));
    grant select to mirante_api
    grant select to mirante_sql

view app.events_daily owner mirante_views with (security_barrier=true)
 SELECT bucket,
    type,
    outcome,
    route,
    events,
    bytes
   FROM private.events_daily
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api
    grant select to mirante_sql

view app.events_hourly owner mirante_views with (security_barrier=true)
 SELECT bucket,
    type,
    outcome,
    route,
    events,
    bytes
   FROM private.events_hourly
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api
    grant select to mirante_sql

view app.events_in_order owner mirante_views with (security_barrier=true)
 SELECT "time",
    id,
    received_at,
    type,
    source,
    event_id,
    subject,
    outcome,
    duration_ms,
    bytes,
    data,
    attributes
   FROM private.events
  WHERE ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)) AND (source <> ''::text) AND ("time" >= ( SELECT (now() - make_interval(days => COALESCE(tenant.raw_retention_days, 36500)))
           FROM app.tenant)))
  ORDER BY "time", id;
    grant select to mirante_api

view app.events_newest_first owner mirante_views with (security_barrier=true)
 SELECT "time",
    id,
    received_at,
    type,
    source,
    event_id,
    subject,
    outcome,
    duration_ms,
    bytes,
    data,
    attributes
   FROM private.events
  WHERE ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)) AND (source <> ''::text) AND ("time" >= ( SELECT (now() - make_interval(days => COALESCE(tenant.raw_retention_days, 36500)))
           FROM app.tenant)))
  ORDER BY "time" DESC, id DESC;
    grant select to mirante_api

view app.export_files owner mirante_views with (security_barrier=true)
 SELECT export_id,
    part,
    name,
    object,
    rows,
    bytes,
    sha256
   FROM private.export_files
  WHERE ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)) AND (sha256 IS NOT NULL));
    grant select to mirante_api

view app.export_jobs owner mirante_views with (security_barrier=true, check_option=cascaded)
 SELECT id,
    tenant_id,
    key_id,
    dataset,
    format,
    options,
    window_from,
    window_to,
    filter,
    since,
    since_to,
    received_from,
    settled_at,
    endpoint_id,
    delivery_id,
    status,
    error,
    progress,
    due_at,
    created_at,
    completed_at,
    expires_at,
    ended_at,
    manifest
   FROM private.export_jobs
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant insert, select to mirante_api

view app.feedback owner mirante_views with (security_barrier=true)
 SELECT id,
    service,
    received_at,
    rating,
    locale
   FROM private.feedback
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api
    grant select to mirante_sql

view app.field_rewrites owner mirante_views with (security_barrier=true, check_option=cascaded)
 SELECT tenant_id,
    type,
    fields,
    rows,
    files,
    progress,
    requested_at,
    completed_at
   FROM private.field_rewrites
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant insert, select, update to mirante_api

view app.import_differences owner mirante_views with (security_barrier=true)
 SELECT run_id,
    number,
    import_id,
    kind,
    row_key,
    before,
    after
   FROM private.import_differences
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api

view app.import_rows owner mirante_views with (security_barrier=true)
 SELECT import_id,
    "time",
    id
   FROM private.import_rows
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api

view app.import_runs owner mirante_views with (security_barrier=true, check_option=cascaded)
 SELECT id,
    tenant_id,
    key_id,
    import_id,
    filter,
    policy,
    mapping,
    dry_run,
    undoes,
    status,
    error,
    findings,
    documents,
    rows,
    added,
    changed,
    removed,
    kept,
    progress,
    created_at,
    completed_at
   FROM private.import_runs
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant insert, select to mirante_api

view app.import_versions owner mirante_views with (security_barrier=true)
 SELECT import_id,
    version,
    run_id,
    importer,
    importer_version,
    policy,
    mapping,
    applied_at
   FROM private.import_versions
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api

view app.imports owner mirante_views with (security_barrier=true, check_option=cascaded)
 SELECT id,
    tenant_id,
    key_id,
    received_at,
    first_at,
    source,
    media_type,
    bytes,
    sha256,
    object,
    sealed_key,
    sealed_with,
    mapping,
    policy,
    status,
    importer,
    importer_version,
    findings,
    rows,
    counts,
    progress,
    duration_ms,
    due_at,
    started_at,
    completed_at,
    version,
    rewrites,
    destroyed_at,
    claim,
    claimed_until
   FROM private.imports
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant insert, select to mirante_api

view app.journeys owner mirante_views with (security_barrier=true)
 SELECT service,
    id,
    started_at,
    completed_at
   FROM private.journeys
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api
    grant select to mirante_sql

view app.latency_daily owner mirante_views with (security_barrier=true)
 SELECT bucket,
    type,
    route,
    bin,
    events
   FROM private.latency_daily
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api
    grant select to mirante_sql

view app.latency_hourly owner mirante_views with (security_barrier=true)
 SELECT bucket,
    type,
    route,
    bin,
    events
   FROM private.latency_hourly
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api
    grant select to mirante_sql

view app.members owner mirante_views with (security_barrier=true)
 SELECT id,
    tenant_id,
    key_id,
    email,
    name,
    role,
    created_at,
    updated_at
   FROM private.members
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api

view app.performance_reports owner mirante_views with (security_barrier=true, check_option=cascaded)
 SELECT id,
    tenant_id,
    service,
    period,
    assisted_digital,
    cause,
    publish,
    notify,
    status,
    error,
    attempts,
    requested_at,
    due_at,
    completed_at,
    measures,
    method,
    missing,
    revision,
    published_at,
    withdrawn_at,
    changes
   FROM private.performance_reports
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant insert, select to mirante_api

view app.privacy_files owner mirante_views with (security_barrier=true)
 SELECT request_id,
    name,
    part,
    content
   FROM private.privacy_files f
  WHERE ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)) AND (EXISTS ( SELECT
           FROM private.privacy_requests r
          WHERE ((r.tenant_id = f.tenant_id) AND (r.id = f.request_id) AND (r.status = 'completed'::text)))));
    grant select to mirante_api

view app.privacy_requests owner mirante_views with (security_barrier=true, check_option=cascaded)
 SELECT id,
    tenant_id,
    kind,
    person,
    person_hash,
    lasting_hash,
    reason,
    status,
    progress,
    blocked,
    created_at,
    due_at,
    completed_at,
    outcome
   FROM private.privacy_requests
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant insert to mirante_api
    grant select (blocked) to mirante_api
    grant select (completed_at) to mirante_api
    grant select (created_at) to mirante_api
    grant select (due_at) to mirante_api
    grant select (id) to mirante_api
    grant select (kind) to mirante_api
    grant select (outcome) to mirante_api
    grant select (person_hash) to mirante_api
    grant select (progress) to mirante_api
    grant select (reason) to mirante_api
    grant select (status) to mirante_api

view app.privacy_reviews owner mirante_views with (security_barrier=true)
 SELECT r.id,
    r.request_id,
    r.person_hash,
    r.quarantine_id,
    r.received_at,
    q.code,
    q.type,
    r.cuts,
    q.raw,
    r.created_at
   FROM (private.privacy_reviews r
     JOIN private.quarantine q ON (((q.tenant_id = r.tenant_id) AND (q.received_at = r.received_at) AND (q.id = r.quarantine_id))))
  WHERE ((r.tenant_id = ( SELECT private.current_tenant() AS current_tenant)) AND (r.decision IS NULL));
    grant select to mirante_api

view app.quarantine owner mirante_views with (security_barrier=true)
 SELECT id,
    received_at,
    status,
    code,
    detail,
    pointer,
    type,
    raw,
    replayed_at,
    ( SELECT k.name
           FROM private.api_keys k
          WHERE (k.id = quarantine.key_id)) AS key_name
   FROM private.quarantine
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api

view app.reconciliations owner mirante_views with (security_barrier=true)
 SELECT ran_at,
    hours,
    receipts,
    raw,
    rolled_up,
    quarantined,
    differences,
    first_difference
   FROM private.reconciliations
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api
    grant select to mirante_sql

view app.restatements owner mirante_views with (security_barrier=true)
 SELECT id,
    rollup,
    service,
    bucket,
    before,
    after,
    restated_at
   FROM private.restatements
  WHERE ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)) AND (after IS NOT NULL));
    grant select to mirante_api
    grant select to mirante_sql

view app.rule_hits owner mirante_views with (security_barrier=true)
 SELECT "time",
    id,
    rule,
    marketplace,
    hits
   FROM private.rule_hits
  WHERE ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)) AND ("time" >= ( SELECT (now() - make_interval(days => COALESCE(tenant.raw_retention_days, 36500)))
           FROM app.tenant)));
    grant select to mirante_api
    grant select to mirante_sql

view app.rules_daily owner mirante_views with (security_barrier=true)
 SELECT bucket,
    marketplace,
    rule,
    hits,
    validations
   FROM private.rules_daily
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api
    grant select to mirante_sql

view app.rules_hourly owner mirante_views with (security_barrier=true)
 SELECT bucket,
    marketplace,
    rule,
    hits,
    validations
   FROM private.rules_hourly
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api
    grant select to mirante_sql

view app.services owner mirante_views with (security_barrier=true, check_option=cascaded)
 SELECT tenant_id,
    slug,
    revision,
    name,
    locales,
    timezone,
    started,
    completed,
    journey_id,
    draft_limit_days,
    channels,
    assisted_digital,
    costs,
    comment_retention_days,
    journeys_to,
    collected_to,
    created_at,
    updated_at
   FROM private.services
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant insert, select, update to mirante_api
    grant select to mirante_sql

view app.student_test_results owner mirante_views with (security_barrier=true)
 SELECT student_id,
    test_id,
    available_points,
    obtained_points,
    origins_import_vault,
    date_of_test,
    updated_on
   FROM private.student_test_results
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api
    grant select to mirante_sql

view app.support_access owner mirante_views with (security_barrier=true)
 SELECT tenant_id,
    allowed_until
   FROM private.support_access
  WHERE ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)) AND (allowed_until > now()));
    grant select to mirante_api

view app.support_visits owner mirante_views with (security_barrier=true)
 SELECT id,
    tenant_id,
    operator,
    stated_reason,
    created_at,
    ends_at,
    ended_at
   FROM private.support_visits
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api

view app.tenant owner mirante_views with (security_barrier=true)
 SELECT id,
    slug,
    name,
    kind,
    country,
    timezone,
    locale,
    features,
    attributes,
    raw_retention_days
   FROM private.tenants
  WHERE (id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api
    grant select to mirante_sql

view app.tests owner mirante_views with (security_barrier=true)
 SELECT test_id,
    policy
   FROM private.tests
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api
    grant select to mirante_sql

view app.validations_daily owner mirante_views with (security_barrier=true)
 SELECT bucket,
    marketplace,
    outcome,
    validations,
    rows,
    errors,
    warnings
   FROM private.validations_daily
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api
    grant select to mirante_sql

view app.validations_hourly owner mirante_views with (security_barrier=true)
 SELECT bucket,
    marketplace,
    outcome,
    validations,
    rows,
    errors,
    warnings
   FROM private.validations_hourly
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant select to mirante_api
    grant select to mirante_sql

view app.withdrawn_subjects owner mirante_views with (security_barrier=true, check_option=cascaded)
 SELECT tenant_id,
    subject_hash,
    withdrawn_at
   FROM private.withdrawn_subjects
  WHERE (tenant_id = ( SELECT private.current_tenant() AS current_tenant));
    grant delete, insert, select to mirante_api

table limits.counters owner mirante_owner
    key character varying(255) not null
    points integer not null default 0
    expire bigint
    constraint counters_pkey PRIMARY KEY (key)
    grant delete, insert, select, update to mirante_api

view ops.archive owner mirante_owner with (security_barrier=true)
 SELECT tenant_id,
    status,
    count(*) AS files,
    sum(rows) AS rows,
    sum(bytes) AS bytes,
    min(day) AS first_day,
    max(day) AS last_day
   FROM private.archive_files
  GROUP BY tenant_id, status;
    grant select to mirante_ops

view ops.archive_runs owner mirante_owner with (security_barrier=true)
 SELECT started_at,
    ended_at,
    boundary,
    files,
    rows,
    bytes,
    removed,
    (error IS NOT NULL) AS failed
   FROM storage.archive_runs;
    grant select to mirante_ops

view ops.exports owner mirante_owner with (security_barrier=true)
 SELECT tenant_id,
    status,
    count(*) AS exports,
    count(*) FILTER (WHERE ((status = ANY (ARRAY['queued'::text, 'running'::text])) AND (attempts > 1))) AS failing
   FROM private.export_jobs
  GROUP BY tenant_id, status;
    grant select to mirante_ops

view ops.heartbeats owner mirante_owner with (security_barrier=true)
 SELECT queue,
    beat_at
   FROM private.heartbeats;
    grant select to mirante_ops

view ops.isolation_audits owner mirante_owner with (security_barrier=true)
 SELECT ran_at,
    attempts,
    foreign_rows,
    dead,
    findings
   FROM private.isolation_audits;
    grant select to mirante_ops

view ops.objectives owner mirante_owner with (security_barrier=true)
 SELECT p.name,
    p.unit,
    p.target,
    p.comparison,
    p.time_window,
    o.measured,
    o.measured_at,
        CASE
            WHEN m.met THEN 'met'::text
            WHEN (m.met IS NULL) THEN 'unknown'::text
            ELSE 'missed'::text
        END AS status,
    p.budget,
    o.spent,
        CASE
            WHEN (o.measured IS NULL) THEN NULL::double precision
            WHEN (p.budget IS NOT NULL) THEN GREATEST((0)::double precision, ((1)::double precision - (o.spent / p.budget)))
            WHEN ((p.comparison = 'at least'::text) OR (p.target = (0)::double precision)) THEN ((m.met)::integer)::double precision
            ELSE GREATEST((0)::double precision, ((1)::double precision - (o.measured / p.target)))
        END AS budget_left,
    o.burn_1h,
    o.burn_6h,
    o.burn_3d,
    o.alert,
    o.alert_since
   FROM (ops.promises() p(name, unit, target, comparison, time_window, budget)
     LEFT JOIN private.objectives o ON (((o.name = p.name) AND (o.known_until > now())))),
    LATERAL ( SELECT
                CASE p.comparison
                    WHEN 'at most'::text THEN (o.measured <= p.target)
                    ELSE (o.measured >= p.target)
                END AS met) m;
    grant select to mirante_ops

view ops.probe_totals owner mirante_owner with (security_barrier=true)
 SELECT probe,
    taken,
    failed,
    at,
    milliseconds
   FROM private.probe_totals;
    grant select to mirante_ops

view ops.restore_drills owner mirante_owner with (security_barrier=true)
 SELECT started_at,
    ended_at,
    kind,
    passed,
    backup_seconds,
    restore_seconds,
    bytes,
    tables,
    records,
    figures,
    detail
   FROM private.restore_drills;
    grant select to mirante_ops

view ops.retention_runs owner mirante_owner with (security_barrier=true)
 SELECT ran_at,
    relation,
    rule,
    dropped_to,
    dropped
   FROM storage.retention_runs;
    grant select to mirante_ops

view ops.tenants owner mirante_owner with (security_barrier=true)
 SELECT id,
    slug,
    name,
    kind,
    country,
    timezone,
    locale,
    created_at
   FROM private.tenants;
    grant select to mirante_ops

table private.access_log owner mirante_owner partition by RANGE (hour), row security forced
    tenant_id uuid not null
    hour timestamp with time zone not null
    key_id uuid not null
    address inet not null
    first_at timestamp with time zone not null
    last_at timestamp with time zone not null
    requests bigint not null
    viewer_requests bigint not null default 0
    constraint access_log_pkey PRIMARY KEY (tenant_id, hour, key_id, address)
    CREATE INDEX access_log_key ON ONLY private.access_log USING btree (key_id, address)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.alert_deliveries owner mirante_owner, row security forced
    id uuid not null
    tenant_id uuid not null
    rule_id uuid
    endpoint_id uuid not null
    type text not null
    message json not null
    status text not null default 'waiting'::text
    attempts integer not null default 0
    created_at timestamp with time zone not null
    due_at timestamp with time zone not null
    claimed_until timestamp with time zone not null default '-infinity'::timestamp with time zone
    ended_at timestamp with time zone
    response_code integer
    error text
    claimed_at timestamp with time zone
    constraint alert_deliveries_pkey PRIMARY KEY (id)
    constraint alert_deliveries_status_check CHECK ((status = ANY (ARRAY['waiting'::text, 'delivered'::text, 'failed'::text])))
    constraint alert_deliveries_tenant_id_endpoint_id_fkey FOREIGN KEY (tenant_id, endpoint_id) REFERENCES private.alert_endpoints(tenant_id, id) ON DELETE CASCADE
    constraint alert_deliveries_tenant_id_rule_id_fkey FOREIGN KEY (tenant_id, rule_id) REFERENCES private.alert_rules(tenant_id, id) ON DELETE SET NULL (rule_id)
    constraint alert_deliveries_type_check CHECK ((type = ANY (ARRAY['alert.firing'::text, 'alert.recovered'::text, 'alert.test'::text, 'export.completed'::text, 'export.failed'::text, 'performance_report.completed'::text, 'performance_report.failed'::text, 'connector.failing'::text, 'connector.recovered'::text])))
    CREATE INDEX alert_deliveries_created_at_idx ON private.alert_deliveries USING btree (created_at)
    CREATE INDEX alert_deliveries_due_at_idx ON private.alert_deliveries USING btree (due_at) WHERE (status = 'waiting'::text)
    CREATE INDEX alert_deliveries_endpoint_id_idx ON private.alert_deliveries USING btree (endpoint_id)
    CREATE INDEX alert_deliveries_rule_id_idx ON private.alert_deliveries USING btree (rule_id)
    CREATE INDEX alert_deliveries_tenant_id_claimed_at_idx ON private.alert_deliveries USING btree (tenant_id, claimed_at)
    CREATE INDEX alert_deliveries_tenant_id_id_idx ON private.alert_deliveries USING btree (tenant_id, id)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant insert, select to mirante_views

table private.alert_endpoints owner mirante_owner, row security forced
    id uuid not null
    tenant_id uuid not null
    kind text not null
    target text not null
    description text
    secret_version integer not null default 1
    old_secret_until timestamp with time zone
    disabled_at timestamp with time zone
    created_at timestamp with time zone not null default now()
    constraint alert_endpoints_kind_check CHECK ((kind = ANY (ARRAY['webhook'::text, 'email'::text])))
    constraint alert_endpoints_pkey PRIMARY KEY (id)
    constraint alert_endpoints_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    constraint alert_endpoints_tenant_id_id_key UNIQUE (tenant_id, id)
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON private.alert_endpoints DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('alert_endpoint')
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant delete, insert, select, update to mirante_views

table private.alert_rules owner mirante_owner, row security forced
    id uuid not null
    tenant_id uuid not null
    name text not null
    enabled boolean not null
    metric text not null
    filter jsonb not null
    condition text not null
    threshold double precision not null
    window_seconds integer not null
    for_seconds integer not null
    cool_down_seconds integer not null
    no_data text not null
    notify uuid[] not null
    created_at timestamp with time zone not null default now()
    updated_at timestamp with time zone not null default now()
    constraint alert_rules_condition_check CHECK ((condition = ANY (ARRAY['above'::text, 'below'::text])))
    constraint alert_rules_cool_down_seconds_check CHECK (((cool_down_seconds >= 300) AND (cool_down_seconds <= (7 * 86400))))
    constraint alert_rules_for_seconds_check CHECK (((for_seconds >= 0) AND (for_seconds <= (7 * 86400))))
    constraint alert_rules_no_data_check CHECK ((no_data = ANY (ARRAY['ok'::text, 'alert'::text])))
    constraint alert_rules_pkey PRIMARY KEY (id)
    constraint alert_rules_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    constraint alert_rules_tenant_id_id_key UNIQUE (tenant_id, id)
    constraint alert_rules_window_seconds_check CHECK (((window_seconds >= 300) AND (window_seconds <= (30 * 86400))))
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON private.alert_rules DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('alert_rule')
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant delete, insert, select, update to mirante_views

table private.alert_states owner mirante_owner, row security forced
    rule_id uuid not null
    tenant_id uuid not null
    state text not null
    since timestamp with time zone not null
    value double precision
    evaluated_at timestamp with time zone not null
    noticed_at timestamp with time zone
    open boolean not null
    constraint alert_states_pkey PRIMARY KEY (rule_id)
    constraint alert_states_state_check CHECK ((state = ANY (ARRAY['ok'::text, 'pending'::text, 'firing'::text, 'unknown'::text])))
    constraint alert_states_tenant_id_rule_id_fkey FOREIGN KEY (tenant_id, rule_id) REFERENCES private.alert_rules(tenant_id, id) ON DELETE CASCADE
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.annotations owner mirante_owner, row security forced
    id uuid not null
    tenant_id uuid not null
    "time" timestamp with time zone not null
    text text not null
    dashboard text
    created_at timestamp with time zone not null default now()
    constraint annotations_pkey PRIMARY KEY (id)
    constraint annotations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    CREATE INDEX annotations_tenant_id_id_idx ON private.annotations USING btree (tenant_id, id)
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON private.annotations DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('annotation')
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant delete, insert, select to mirante_views

table private.api_keys owner mirante_owner, row security forced
    id uuid not null
    tenant_id uuid not null
    name text not null
    hash bytea not null
    prefix text not null
    scopes text[] not null
    created_at timestamp with time zone not null default now()
    expires_at timestamp with time zone
    revoked_at timestamp with time zone
    last_used_at timestamp with time zone
    holder text not null default 'program'::text
    constraint api_keys_hash_key UNIQUE (hash)
    constraint api_keys_holder_check CHECK ((holder = ANY (ARRAY['program'::text, 'member'::text, 'visit'::text])))
    constraint api_keys_pkey PRIMARY KEY (id)
    constraint api_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    CREATE INDEX api_keys_tenant_id_id_idx ON private.api_keys USING btree (tenant_id, id)
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON private.api_keys DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('key')
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.archive_files owner mirante_owner, row security forced
    id uuid not null
    tenant_id uuid not null
    type text not null
    day date not null
    name text not null
    rows bigint not null
    bytes bigint not null
    sha256 text not null
    digest text not null
    first_time timestamp with time zone not null
    last_time timestamp with time zone not null
    first_received_at timestamp with time zone not null
    last_received_at timestamp with time zone not null
    status text not null
    written_at timestamp with time zone not null default now()
    replaces uuid
    retry_at timestamp with time zone
    attempts integer not null default 0
    constraint archive_files_name_key UNIQUE (name)
    constraint archive_files_pkey PRIMARY KEY (id)
    constraint archive_files_status_check CHECK ((status = ANY (ARRAY['proved'::text, 'live'::text, 'condemned'::text])))
    CREATE INDEX archive_files_status_idx ON private.archive_files USING btree (status) WHERE (status <> 'live'::text)
    CREATE INDEX archive_files_tenant_id_day_idx ON private.archive_files USING btree (tenant_id, day)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.archive_rules owner mirante_owner, row security forced
    id uuid not null default gen_random_uuid()
    tenant_id uuid
    type text
    tier text not null
    keep_days integer not null
    constraint archive_rules_keep_days_check CHECK (((keep_days >= 0) AND (keep_days <= 3650)))
    constraint archive_rules_pkey PRIMARY KEY (id)
    constraint archive_rules_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    constraint archive_rules_tenant_id_type_key UNIQUE NULLS NOT DISTINCT (tenant_id, type)
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON private.archive_rules DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_archive_rule()
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.audit_log owner mirante_owner, row security forced
    seq bigint not null
    at timestamp with time zone not null
    tenant_id uuid not null
    actor jsonb not null
    action text not null
    target text not null
    details jsonb not null
    hash bytea not null
    constraint audit_log_pkey PRIMARY KEY (seq)
    CREATE INDEX audit_log_tenant_id_at_idx ON private.audit_log USING btree (tenant_id, at)
    CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON private.audit_log FOR EACH STATEMENT EXECUTE FUNCTION private.refuse_change()
    policy all_tenants for select to mirante_owner using (true)
    policy append for insert to mirante_owner with check (true)
    policy one_tenant for select to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.benchmark_builds owner mirante_owner
    id uuid not null
    metric text not null
    period text not null
    status text not null default 'queued'::text
    requested_at timestamp with time zone not null default clock_timestamp()
    completed_at timestamp with time zone
    constraint benchmark_builds_pkey PRIMARY KEY (id)
    constraint benchmark_builds_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'completed'::text])))
    CREATE INDEX benchmark_builds_metric_period_idx ON private.benchmark_builds USING btree (metric, period)
    CREATE INDEX benchmark_builds_requested_at_idx ON private.benchmark_builds USING btree (requested_at) WHERE (status = 'queued'::text)

table private.benchmark_consents owner mirante_owner, row security forced
    id uuid not null
    tenant_id uuid not null
    accepted boolean not null
    text_version text not null
    at timestamp with time zone not null default clock_timestamp()
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    constraint benchmark_consents_pkey PRIMARY KEY (id)
    constraint benchmark_consents_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    CREATE INDEX benchmark_consents_tenant_id_at_idx ON private.benchmark_consents USING btree (tenant_id, at)
    CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON private.benchmark_consents FOR EACH STATEMENT EXECUTE FUNCTION private.refuse_change()
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT ON private.benchmark_consents DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('benchmark_consent')
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant insert, select to mirante_views

table private.benchmark_panels owner mirante_owner
    metric text not null
    member bytea not null
    block uuid not null
    cohort text
    coarse boolean not null
    used_at timestamp with time zone not null default now()
    constraint benchmark_panels_pkey PRIMARY KEY (metric, member)
    CREATE INDEX benchmark_panels_metric_block_idx ON private.benchmark_panels USING btree (metric, block)

table private.benchmark_secrets owner mirante_owner
    inner_pad bytea not null
    outer_pad bytea not null
    created_at timestamp with time zone not null default now()

table private.benchmark_snapshots owner mirante_owner
    id bigint not null identity
    build_id uuid not null
    metric text not null
    period text not null
    dimension text not null
    cohort text not null
    outcome text not null
    rules text not null
    minimum integer not null
    input_digest bytea
    size_band text
    p25 double precision
    p50 double precision
    p75 double precision
    built_at timestamp with time zone not null default clock_timestamp()
    constraint benchmark_snapshots_build_id_fkey FOREIGN KEY (build_id) REFERENCES private.benchmark_builds(id) ON DELETE RESTRICT
    constraint benchmark_snapshots_check CHECK (((outcome = 'released'::text) = (p50 IS NOT NULL)))
    constraint benchmark_snapshots_check1 CHECK (((outcome = 'released'::text) OR ((p25 IS NULL) AND (p75 IS NULL) AND (size_band IS NULL))))
    constraint benchmark_snapshots_outcome_check CHECK ((outcome = ANY (ARRAY['released'::text, 'frozen'::text, 'GROUP_TOO_SMALL'::text, 'DOMINANCE'::text, 'P_PERCENT'::text, 'DIFFERENCING'::text, 'LAG'::text])))
    constraint benchmark_snapshots_pkey PRIMARY KEY (id)
    CREATE INDEX benchmark_snapshots_build_id_idx ON private.benchmark_snapshots USING btree (build_id)
    CREATE INDEX benchmark_snapshots_metric_period_dimension_cohort_id_idx ON private.benchmark_snapshots USING btree (metric, period, dimension, cohort, id)
    CREATE UNIQUE INDEX benchmark_snapshots_metric_period_dimension_cohort_idx ON private.benchmark_snapshots USING btree (metric, period, dimension, cohort) WHERE (outcome = 'released'::text)
    CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON private.benchmark_snapshots FOR EACH STATEMENT EXECUTE FUNCTION private.refuse_change()

view private.benchmark_units owner mirante_owner
 WITH agreed AS (
         SELECT t.id AS tenant_id,
            COALESCE(('group '::text || NULLIF((t.attributes ->> 'group'::text), ''::text)), (t.id)::text) AS unit,
            NULLIF((t.attributes ->> 'segment'::text), ''::text) AS segment
           FROM private.tenants t,
            LATERAL ( SELECT c_1.accepted
                   FROM private.benchmark_consents c_1
                  WHERE (c_1.tenant_id = t.id)
                  ORDER BY c_1.at DESC, c_1.id DESC
                 LIMIT 1) c
          WHERE ((t.kind = 'customer'::text) AND (t.offboarding_at IS NULL) AND c.accepted AND ((t.features -> 'benchmarks'::text) IS DISTINCT FROM 'false'::jsonb))
        )
 SELECT tenant_id,
    unit,
        CASE
            WHEN ((count(*) OVER u = count(segment) OVER u) AND (min(segment) OVER u = max(segment) OVER u)) THEN segment
            ELSE NULL::text
        END AS cohort
   FROM agreed
  WINDOW u AS (PARTITION BY unit);

view private.benchmarks owner mirante_owner
 SELECT m.metric,
    m.unit,
    m.class,
    m.description,
    m.source,
    m.figure,
    m.percentile,
    m.volume,
    'segment'::text AS dimension,
    10 AS least_volume,
    c.rest,
    c.largest_share,
    c.two_largest_share
   FROM (( VALUES ('events.count'::text,'events'::text,'volume'::text,'Events accepted.'::text,'private.events_daily'::text,'sum(events)'::text,NULL::integer,'sum(events)'::text), ('events.error_rate'::text,'ratio'::text,'operational'::text,'Share of failures (0 to 1) among events with an outcome.'::text,'private.events_daily'::text,'coalesce(sum(events) filter (where outcome = ''failure''), 0) / nullif(sum(events) filter (where outcome in (''success'', ''failure'')), 0)'::text,NULL::integer,'sum(events) filter (where outcome in (''success'', ''failure''))'::text), ('validations.count'::text,'validations'::text,'volume'::text,'Validations completed.'::text,'private.validations_daily'::text,'sum(validations)'::text,NULL::integer,'sum(validations)'::text), ('validations.error_rate'::text,'ratio'::text,'operational'::text,'Share of failed validations (0 to 1) among those with an outcome.'::text,'private.validations_daily'::text,'coalesce(sum(validations) filter (where outcome = ''failure''), 0) / nullif(sum(validations) filter (where outcome in (''success'', ''failure'')), 0)'::text,NULL::integer,'sum(validations) filter (where outcome in (''success'', ''failure''))'::text), ('validations.row_error_rate'::text,'ratio'::text,'operational'::text,'Errors found per row validated; more than 1 where rows have several errors.'::text,'private.validations_daily'::text,'coalesce(sum(errors), 0) / nullif(sum(rows), 0)'::text,NULL::integer,'sum(validations)'::text), ('latency.p50'::text,'ms'::text,'operational'::text,'Percentile 50 (nearest rank) of data.duration_ms, within 2 %.'::text,'private.latency_daily'::text,NULL::text,50,NULL::text), ('latency.p95'::text,'ms'::text,'operational'::text,'Percentile 95 (nearest rank) of data.duration_ms, within 2 %.'::text,'private.latency_daily'::text,NULL::text,95,NULL::text), ('latency.p99'::text,'ms'::text,'operational'::text,'Percentile 99 (nearest rank) of data.duration_ms, within 2 %.'::text,'private.latency_daily'::text,NULL::text,99,NULL::text), ('corrections.per_thousand_rows'::text,'corrections'::text,'operational'::text,'Corrections applied per thousand rows validated.'::text,'(select tenant_id, bucket, corrections, 0 as rows, 0 as validations from private.corrections_daily
              union all select tenant_id, bucket, 0, rows, validations from private.validations_daily)'::text,'1000 * sum(corrections) / nullif(sum(rows), 0)'::text,NULL::integer,'sum(validations)'::text)) m(metric, unit, class, description, source, figure, percentile, volume)
     JOIN ( VALUES ('operational'::text,'00:00:00'::interval,0.50,0.67), ('volume'::text,'3 mons'::interval,0.25,0.67)) c(class, rest, largest_share, two_largest_share) USING (class));
    grant select to mirante_views

table private.bookmarks owner mirante_owner, row security forced
    id uuid not null
    tenant_id uuid not null
    key_id uuid not null
    dashboard text not null
    name text not null default ''::text
    query text not null default ''::text
    created_at timestamp with time zone not null default now()
    constraint bookmarks_key_id_fkey FOREIGN KEY (key_id) REFERENCES private.api_keys(id) ON DELETE CASCADE
    constraint bookmarks_pkey PRIMARY KEY (id)
    constraint bookmarks_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    constraint bookmarks_tenant_id_key_id_dashboard_name_key UNIQUE (tenant_id, key_id, dashboard, name)
    CREATE INDEX bookmarks_key_id_idx ON private.bookmarks USING btree (key_id)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant delete, insert, select, update to mirante_views

table private.channel_connectors owner mirante_owner, row security forced
    tenant_id uuid not null
    service text not null
    url text not null
    secret text
    mapping jsonb not null
    schedule text not null
    day integer not null
    first_period text not null
    enabled boolean not null
    state text not null default 'waiting'::text
    error text
    detail text
    attempts integer not null default 0
    tried_at timestamp with time zone
    fetched_at timestamp with time zone
    fetched_period text
    due_at timestamp with time zone not null default now()
    created_at timestamp with time zone not null default now()
    updated_at timestamp with time zone not null default now()
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    constraint channel_connectors_day_check CHECK (((day >= 1) AND (day <= 28)))
    constraint channel_connectors_pkey PRIMARY KEY (tenant_id, service)
    constraint channel_connectors_schedule_check CHECK ((schedule = ANY (ARRAY['daily'::text, 'monthly'::text])))
    constraint channel_connectors_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'fresh'::text, 'failing'::text])))
    constraint channel_connectors_tenant_id_service_fkey FOREIGN KEY (tenant_id, service) REFERENCES private.services(tenant_id, slug) ON DELETE CASCADE
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR DELETE OR UPDATE OF url, mapping, schedule, enabled ON private.channel_connectors DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('channel_connector', 'service')
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant delete, insert, select, update to mirante_views

table private.channel_counts owner mirante_owner, row security forced
    id uuid not null
    tenant_id uuid not null
    service text not null
    period text not null
    revision integer not null
    online bigint
    paper bigint
    phone bigint
    other bigint
    assisted_digital bigint
    costs jsonb
    source text not null
    import_id uuid
    recorded_at timestamp with time zone not null default now()
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    constraint channel_counts_assisted_digital_check CHECK ((assisted_digital >= 0))
    constraint channel_counts_online_check CHECK ((online >= 0))
    constraint channel_counts_other_check CHECK ((other >= 0))
    constraint channel_counts_paper_check CHECK ((paper >= 0))
    constraint channel_counts_period_check CHECK ((period ~ '^20[0-9]{2}-(0[1-9]|1[0-2])$'::text))
    constraint channel_counts_phone_check CHECK ((phone >= 0))
    constraint channel_counts_pkey PRIMARY KEY (id)
    constraint channel_counts_source_check CHECK ((source = ANY (ARRAY['manual'::text, 'connector'::text, 'import'::text])))
    constraint channel_counts_tenant_id_service_fkey FOREIGN KEY (tenant_id, service) REFERENCES private.services(tenant_id, slug) ON DELETE CASCADE
    constraint channel_counts_tenant_id_service_period_revision_key UNIQUE (tenant_id, service, period, revision)
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON private.channel_counts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('channel_counts')
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant insert, select to mirante_views

view private.corrections_daily owner mirante_owner
 SELECT tenant_id,
    bucket,
    marketplace,
    rule,
    corrections,
    rows
   FROM ( SELECT corrections_daily_rows.tenant_id,
            corrections_daily_rows.bucket,
            corrections_daily_rows.marketplace,
            corrections_daily_rows.rule,
            corrections_daily_rows.corrections,
            corrections_daily_rows.rows
           FROM private.corrections_daily_rows
          WHERE (corrections_daily_rows.bucket < ( SELECT rollups.materialised_to
                   FROM storage.rollups
                  WHERE (rollups.name = 'corrections_daily'::text)))
        UNION ALL
         SELECT corrections_hourly.tenant_id,
            storage.time_bucket('1 day'::interval, corrections_hourly.bucket) AS bucket,
            corrections_hourly.marketplace,
            corrections_hourly.rule,
            sum(corrections_hourly.corrections) AS corrections,
            sum(corrections_hourly.rows) AS rows
           FROM private.corrections_hourly
          WHERE (true AND (corrections_hourly.bucket >= ( SELECT rollups.materialised_to
                   FROM storage.rollups
                  WHERE (rollups.name = 'corrections_daily'::text))))
          GROUP BY corrections_hourly.tenant_id, (storage.time_bucket('1 day'::interval, corrections_hourly.bucket)), corrections_hourly.marketplace, corrections_hourly.rule) r
  WHERE (( SELECT (CURRENT_USER = 'mirante_owner'::name)) OR (tenant_id = ( SELECT private.current_tenant() AS current_tenant)));
    grant select to mirante_views

table private.corrections_daily_rows owner mirante_owner, row security forced
    tenant_id uuid
    bucket timestamp with time zone
    marketplace text
    rule text
    corrections numeric
    rows numeric
    CREATE UNIQUE INDEX corrections_daily_key ON private.corrections_daily_rows USING btree (tenant_id, bucket, marketplace, rule) NULLS NOT DISTINCT
    CREATE INDEX corrections_daily_rows_bucket_idx ON private.corrections_daily_rows USING btree (bucket)
    CREATE INDEX corrections_daily_rows_tenant_id_bucket_idx ON private.corrections_daily_rows USING btree (tenant_id, bucket)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

view private.corrections_hourly owner mirante_owner
 SELECT tenant_id,
    bucket,
    marketplace,
    rule,
    corrections,
    rows
   FROM ( SELECT corrections_hourly_rows.tenant_id,
            corrections_hourly_rows.bucket,
            corrections_hourly_rows.marketplace,
            corrections_hourly_rows.rule,
            corrections_hourly_rows.corrections,
            corrections_hourly_rows.rows
           FROM private.corrections_hourly_rows
          WHERE (corrections_hourly_rows.bucket < ( SELECT rollups.materialised_to
                   FROM storage.rollups
                  WHERE (rollups.name = 'corrections_hourly'::text)))
        UNION ALL
         SELECT events.tenant_id,
            storage.time_bucket('01:00:00'::interval, events."time") AS bucket,
            "left"((events.data ->> 'marketplace'::text), 200) AS marketplace,
            "left"((events.data ->> 'rule'::text), 200) AS rule,
            count(*) AS corrections,
            sum(private.sane_count((events.data -> 'rows'::text))) AS rows
           FROM private.events
          WHERE ((events.type = 'br.validahub.correction.applied.v1'::text) AND (events."time" >= ( SELECT rollups.materialised_to
                   FROM storage.rollups
                  WHERE (rollups.name = 'corrections_hourly'::text))))
          GROUP BY events.tenant_id, (storage.time_bucket('01:00:00'::interval, events."time")), ("left"((events.data ->> 'marketplace'::text), 200)), ("left"((events.data ->> 'rule'::text), 200))) r
  WHERE (( SELECT (CURRENT_USER = 'mirante_owner'::name)) OR (tenant_id = ( SELECT private.current_tenant() AS current_tenant)));
    grant select to mirante_views

table private.corrections_hourly_rows owner mirante_owner, row security forced
    tenant_id uuid
    bucket timestamp with time zone
    marketplace text
    rule text
    corrections bigint
    rows numeric
    CREATE UNIQUE INDEX corrections_hourly_key ON private.corrections_hourly_rows USING btree (tenant_id, bucket, marketplace, rule) NULLS NOT DISTINCT
    CREATE INDEX corrections_hourly_rows_bucket_idx ON private.corrections_hourly_rows USING btree (bucket)
    CREATE INDEX corrections_hourly_rows_tenant_id_bucket_idx ON private.corrections_hourly_rows USING btree (tenant_id, bucket)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.dashboard_links owner mirante_owner, row security forced
    id uuid not null
    tenant_id uuid not null
    key_id uuid not null
    dashboard text not null
    prefix text not null
    hash bytea not null
    params jsonb not null
    created_at timestamp with time zone not null default now()
    expires_at timestamp with time zone
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    constraint dashboard_links_hash_key UNIQUE (hash)
    constraint dashboard_links_key_id_fkey FOREIGN KEY (key_id) REFERENCES private.api_keys(id) ON DELETE CASCADE
    constraint dashboard_links_pkey PRIMARY KEY (id)
    constraint dashboard_links_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    constraint dashboard_links_tenant_id_prefix_key UNIQUE (tenant_id, prefix)
    CREATE INDEX dashboard_links_key_id_idx ON private.dashboard_links USING btree (key_id)
    CREATE INDEX dashboard_links_tenant_id_dashboard_id_idx ON private.dashboard_links USING btree (tenant_id, dashboard, id)
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON private.dashboard_links DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('dashboard_link')
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant delete, insert, select to mirante_views

table private.dashboard_opens owner mirante_owner, row security forced
    tenant_id uuid not null
    day date not null
    dashboard text not null
    surface text not null
    opens integer not null
    constraint dashboard_opens_dashboard_check CHECK ((dashboard ~ '^[a-z][a-z0-9-]{0,49}$'::text))
    constraint dashboard_opens_pkey PRIMARY KEY (tenant_id, day, dashboard, surface)
    constraint dashboard_opens_surface_check CHECK ((surface = ANY (ARRAY['mirante'::text, 'metabase'::text, 'api'::text])))
    constraint dashboard_opens_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    CREATE INDEX dashboard_opens_day_idx ON private.dashboard_opens USING btree (day)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.dirty_hours owner mirante_owner, row security forced
    id bigint not null identity
    hour timestamp with time zone not null
    forced boolean not null default false
    tenant_id uuid
    events integer not null default 0
    duplicates integer not null default 0
    quarantined integer not null default 0
    constraint dirty_hours_pkey PRIMARY KEY (id)
    CREATE INDEX dirty_hours_hour_idx ON private.dirty_hours USING btree (hour)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.dirty_journeys owner mirante_owner, row security forced
    id bigint not null identity
    tenant_id uuid not null
    hour timestamp with time zone not null
    forced boolean not null default false
    constraint dirty_journeys_pkey PRIMARY KEY (id)
    constraint dirty_journeys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    CREATE INDEX dirty_journeys_tenant_id_hour_idx ON private.dirty_journeys USING btree (tenant_id, hour)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.erased_events owner mirante_owner, row security forced
    tenant_id uuid not null
    id uuid not null
    "time" timestamp with time zone not null
    constraint erased_events_pkey PRIMARY KEY (tenant_id, id, "time")
    constraint erased_events_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))

table private.erasure_ledger owner mirante_owner
    id uuid not null default gen_random_uuid()
    tenant uuid not null
    kind text not null
    person_hash text
    key_mark text
    at timestamp with time zone not null default clock_timestamp()
    seq bigint
    line text
    constraint erasure_ledger_check CHECK (((seq IS NULL) = (line IS NULL)))
    constraint erasure_ledger_kind_check CHECK ((kind = ANY (ARRAY['opened'::text, 'erasure'::text, 'withdrawal'::text, 'restoration'::text, 'key-destroyed'::text, 'offboarding'::text, 'imported'::text])))
    constraint erasure_ledger_pkey PRIMARY KEY (id)
    constraint erasure_ledger_seq_key UNIQUE (seq)
    CREATE INDEX erasure_ledger_open ON private.erasure_ledger USING btree (at) WHERE (seq IS NULL)
    CREATE INDEX erasure_ledger_tenant_idx ON private.erasure_ledger USING btree (tenant)
    CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON private.erasure_ledger FOR EACH ROW WHEN ((old.seq IS NOT NULL)) EXECUTE FUNCTION private.refuse_change()
    CREATE TRIGGER no_truncate BEFORE TRUNCATE ON private.erasure_ledger FOR EACH STATEMENT EXECUTE FUNCTION private.refuse_change()

table private.event_types owner mirante_owner, row security forced
    tenant_id uuid not null
    type text not null
    version integer not null
    schema jsonb not null
    mode text not null
    description text
    created_at timestamp with time zone not null default now()
    personal_fields text[] not null default '{}'::text[]
    subject text not null default 'pseudonymised'::text
    processing jsonb
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    constraint event_types_mode_check CHECK ((mode = ANY (ARRAY['observe'::text, 'quarantine'::text, 'reject'::text])))
    constraint event_types_pkey PRIMARY KEY (tenant_id, type, version)
    constraint event_types_subject_check CHECK ((subject = ANY (ARRAY['pseudonymised'::text, 'plain'::text])))
    constraint event_types_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON private.event_types DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('event_type', 'type')
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant insert, select to mirante_views

table private.events owner mirante_owner partition by RANGE ("time"), row security forced
    tenant_id uuid not null
    "time" timestamp with time zone not null
    id uuid not null
    received_at timestamp with time zone not null
    type text not null
    source text not null
    event_id text
    subject text
    outcome text
    duration_ms double precision
    bytes integer not null
    data jsonb
    attributes jsonb
    constraint events_pkey PRIMARY KEY (tenant_id, "time", id)
    CREATE INDEX events_time ON ONLY private.events USING brin ("time") WITH (pages_per_range='32')
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

view private.events_daily owner mirante_owner
 SELECT tenant_id,
    bucket,
    type,
    outcome,
    route,
    events,
    bytes
   FROM ( SELECT events_daily_rows.tenant_id,
            events_daily_rows.bucket,
            events_daily_rows.type,
            events_daily_rows.outcome,
            events_daily_rows.route,
            events_daily_rows.events,
            events_daily_rows.bytes
           FROM private.events_daily_rows
          WHERE (events_daily_rows.bucket < ( SELECT rollups.materialised_to
                   FROM storage.rollups
                  WHERE (rollups.name = 'events_daily'::text)))
        UNION ALL
         SELECT events_hourly.tenant_id,
            storage.time_bucket('1 day'::interval, events_hourly.bucket) AS bucket,
            events_hourly.type,
            events_hourly.outcome,
            events_hourly.route,
            sum(events_hourly.events) AS events,
            sum(events_hourly.bytes) AS bytes
           FROM private.events_hourly
          WHERE (true AND (events_hourly.bucket >= ( SELECT rollups.materialised_to
                   FROM storage.rollups
                  WHERE (rollups.name = 'events_daily'::text))))
          GROUP BY events_hourly.tenant_id, (storage.time_bucket('1 day'::interval, events_hourly.bucket)), events_hourly.type, events_hourly.outcome, events_hourly.route) r
  WHERE (( SELECT (CURRENT_USER = 'mirante_owner'::name)) OR (tenant_id = ( SELECT private.current_tenant() AS current_tenant)));
    grant select to mirante_views

table private.events_daily_rows owner mirante_owner, row security forced
    tenant_id uuid
    bucket timestamp with time zone
    type text
    outcome text
    route text
    events numeric
    bytes numeric
    CREATE UNIQUE INDEX events_daily_key ON private.events_daily_rows USING btree (tenant_id, bucket, type, outcome, route) NULLS NOT DISTINCT
    CREATE INDEX events_daily_rows_bucket_idx ON private.events_daily_rows USING btree (bucket)
    CREATE INDEX events_daily_rows_tenant_id_bucket_idx ON private.events_daily_rows USING btree (tenant_id, bucket)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

view private.events_hourly owner mirante_owner
 SELECT tenant_id,
    bucket,
    type,
    outcome,
    route,
    events,
    bytes
   FROM ( SELECT events_hourly_rows.tenant_id,
            events_hourly_rows.bucket,
            events_hourly_rows.type,
            events_hourly_rows.outcome,
            events_hourly_rows.route,
            events_hourly_rows.events,
            events_hourly_rows.bytes
           FROM private.events_hourly_rows
          WHERE (events_hourly_rows.bucket < ( SELECT rollups.materialised_to
                   FROM storage.rollups
                  WHERE (rollups.name = 'events_hourly'::text)))
        UNION ALL
         SELECT events.tenant_id,
            storage.time_bucket('01:00:00'::interval, events."time") AS bucket,
            events.type,
            events.outcome,
                CASE
                    WHEN (events.type = 'mirante.http.request.v1'::text) THEN "left"((events.data ->> 'route'::text), 200)
                    ELSE NULL::text
                END AS route,
            count(*) AS events,
            sum(events.bytes) AS bytes
           FROM private.events
          WHERE (true AND (events."time" >= ( SELECT rollups.materialised_to
                   FROM storage.rollups
                  WHERE (rollups.name = 'events_hourly'::text))))
          GROUP BY events.tenant_id, (storage.time_bucket('01:00:00'::interval, events."time")), events.type, events.outcome,
                CASE
                    WHEN (events.type = 'mirante.http.request.v1'::text) THEN "left"((events.data ->> 'route'::text), 200)
                    ELSE NULL::text
                END) r
  WHERE (( SELECT (CURRENT_USER = 'mirante_owner'::name)) OR (tenant_id = ( SELECT private.current_tenant() AS current_tenant)));
    grant select to mirante_views

table private.events_hourly_rows owner mirante_owner, row security forced
    tenant_id uuid
    bucket timestamp with time zone
    type text
    outcome text
    route text
    events bigint
    bytes bigint
    CREATE UNIQUE INDEX events_hourly_key ON private.events_hourly_rows USING btree (tenant_id, bucket, type, outcome, route) NULLS NOT DISTINCT
    CREATE INDEX events_hourly_rows_bucket_idx ON private.events_hourly_rows USING btree (bucket)
    CREATE INDEX events_hourly_rows_tenant_id_bucket_idx ON private.events_hourly_rows USING btree (tenant_id, bucket)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.export_files owner mirante_owner, row security forced
    tenant_id uuid not null
    export_id uuid not null
    part integer not null
    from_time timestamp with time zone not null
    to_time timestamp with time zone not null
    received_from timestamp with time zone
    expected_rows bigint not null
    name text not null
    object text
    rows bigint
    bytes bigint
    sha256 text
    stored_at timestamp with time zone
    retry_at timestamp with time zone
    attempts integer not null default 0
    constraint export_files_object_key UNIQUE (object)
    constraint export_files_pkey PRIMARY KEY (export_id, part)
    constraint export_files_tenant_id_export_id_fkey FOREIGN KEY (tenant_id, export_id) REFERENCES private.export_jobs(tenant_id, id) ON DELETE CASCADE
    CREATE INDEX export_files_tenant_id_idx ON private.export_files USING btree (tenant_id)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.export_jobs owner mirante_owner, row security forced
    id uuid not null
    tenant_id uuid not null
    key_id uuid not null
    dataset text not null
    format text not null
    options jsonb not null
    window_from timestamp with time zone not null
    window_to timestamp with time zone not null
    filter jsonb not null
    since uuid
    since_to timestamp with time zone
    received_from timestamp with time zone
    settled_at timestamp with time zone
    endpoint_id uuid
    delivery_id uuid
    status text not null default 'queued'::text
    error text
    progress integer not null default 0
    claim uuid
    claimed_until timestamp with time zone not null default '-infinity'::timestamp with time zone
    served_at timestamp with time zone not null default '-infinity'::timestamp with time zone
    due_at timestamp with time zone not null default now()
    attempts integer not null default 0
    created_at timestamp with time zone not null default now()
    completed_at timestamp with time zone
    expires_at timestamp with time zone
    ended_at timestamp with time zone
    deleted_at timestamp with time zone
    erased_for text
    manifest jsonb
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    constraint export_jobs_check CHECK ((window_to > window_from))
    constraint export_jobs_format_check CHECK ((format = ANY (ARRAY['csv'::text, 'ndjson'::text, 'parquet'::text])))
    constraint export_jobs_pkey PRIMARY KEY (id)
    constraint export_jobs_progress_check CHECK (((progress >= 0) AND (progress <= 100)))
    constraint export_jobs_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'completed'::text, 'failed'::text, 'cancelled'::text, 'expired'::text, 'deleted'::text])))
    constraint export_jobs_tenant_id_endpoint_id_fkey FOREIGN KEY (tenant_id, endpoint_id) REFERENCES private.alert_endpoints(tenant_id, id) ON DELETE SET NULL (endpoint_id)
    constraint export_jobs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    constraint export_jobs_tenant_id_id_key UNIQUE (tenant_id, id)
    CREATE INDEX export_jobs_due_at_idx ON private.export_jobs USING btree (due_at) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text]))
    CREATE INDEX export_jobs_expires_at_idx ON private.export_jobs USING btree (expires_at) WHERE (status = 'completed'::text)
    CREATE INDEX export_jobs_tenant_id_id_idx ON private.export_jobs USING btree (tenant_id, id)
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR UPDATE OF deleted_at ON private.export_jobs DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('export')
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant insert, select to mirante_views

table private.feature_uses owner mirante_owner, row security forced
    tenant_id uuid not null
    day date not null
    feature text not null
    uses integer not null
    constraint feature_uses_feature_check CHECK ((feature = ANY (ARRAY['benchmarks'::text, 'exports'::text])))
    constraint feature_uses_pkey PRIMARY KEY (tenant_id, day, feature)
    constraint feature_uses_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    CREATE INDEX feature_uses_day_idx ON private.feature_uses USING btree (day)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.feedback owner mirante_owner, row security forced
    id uuid not null
    tenant_id uuid not null
    service text not null
    received_at timestamp with time zone not null default now()
    rating integer not null
    locale text not null
    comment text
    redacted_at timestamp with time zone
    constraint feedback_pkey PRIMARY KEY (id)
    constraint feedback_rating_check CHECK (((rating >= 1) AND (rating <= 5)))
    constraint feedback_tenant_id_service_fkey FOREIGN KEY (tenant_id, service) REFERENCES private.services(tenant_id, slug) ON DELETE CASCADE
    CREATE INDEX feedback_tenant_id_service_received_at_idx ON private.feedback USING btree (tenant_id, service, received_at) WHERE (comment IS NOT NULL)
    CREATE INDEX feedback_tenant_id_service_received_at_rating_idx ON private.feedback USING btree (tenant_id, service, received_at) INCLUDE (rating)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.field_rewrites owner mirante_owner, row security forced
    tenant_id uuid not null
    type text not null
    fields text[] not null
    rows bigint not null default 0
    files bigint not null default 0
    progress integer not null default 0
    requested_at timestamp with time zone not null default now()
    completed_at timestamp with time zone
    constraint field_rewrites_pkey PRIMARY KEY (tenant_id, type)
    constraint field_rewrites_progress_check CHECK (((progress >= 0) AND (progress <= 100)))
    constraint field_rewrites_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant insert, select, update to mirante_views

table private.grant_secrets owner mirante_owner
    id text not null
    inner_pad bytea not null
    outer_pad bytea not null
    created_at timestamp with time zone not null default clock_timestamp()
    constraint grant_secrets_pkey PRIMARY KEY (id)

table private.heartbeats owner mirante_owner
    queue text not null
    beat_at timestamp with time zone not null
    constraint heartbeats_pkey PRIMARY KEY (queue)

table private.idempotency_keys owner mirante_owner, row security forced
    tenant_id uuid not null
    key text not null
    request_hash bytea not null
    claim uuid not null
    claimed_at timestamp with time zone not null default now()
    first_at timestamp with time zone not null default now()
    answer json
    constraint idempotency_keys_pkey PRIMARY KEY (tenant_id, key)
    constraint idempotency_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.import_differences owner mirante_owner, row security forced
    tenant_id uuid not null
    run_id uuid not null
    number bigint not null
    import_id uuid
    kind text not null
    row_key text not null
    before jsonb
    after jsonb
    constraint import_differences_kind_check CHECK ((kind = ANY (ARRAY['added'::text, 'changed'::text, 'removed'::text])))
    constraint import_differences_pkey PRIMARY KEY (run_id, number)
    constraint import_differences_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    constraint import_differences_tenant_id_run_id_fkey FOREIGN KEY (tenant_id, run_id) REFERENCES private.import_runs(tenant_id, id) ON DELETE CASCADE
    CREATE INDEX import_differences_tenant_id_idx ON private.import_differences USING btree (tenant_id)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.import_rows owner mirante_owner, row security forced
    tenant_id uuid not null
    import_id uuid not null
    "time" timestamp with time zone not null
    id uuid not null
    is_origin boolean not null
    seen_by uuid
    constraint import_rows_pkey PRIMARY KEY (tenant_id, import_id, "time", id)
    CREATE INDEX import_rows_tenant_id_time_id_idx ON private.import_rows USING btree (tenant_id, "time", id)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.import_runs owner mirante_owner, row security forced
    id uuid not null
    tenant_id uuid not null
    key_id uuid not null
    import_id uuid
    filter jsonb not null default '{}'::jsonb
    policy text
    mapping jsonb
    dry_run boolean not null
    undoes uuid
    status text not null default 'queued'::text
    error text
    findings jsonb not null default '[]'::jsonb
    documents bigint not null default 0
    rows bigint not null default 0
    added bigint not null default 0
    changed bigint not null default 0
    removed bigint not null default 0
    kept bigint not null default 0
    progress integer not null default 0
    claim uuid
    claimed_until timestamp with time zone not null default '-infinity'::timestamp with time zone
    due_at timestamp with time zone default now()
    attempts integer not null default 0
    created_at timestamp with time zone not null default now()
    completed_at timestamp with time zone
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    constraint import_runs_pkey PRIMARY KEY (id)
    constraint import_runs_progress_check CHECK (((progress >= 0) AND (progress <= 100)))
    constraint import_runs_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'comparing'::text, 'applying'::text, 'completed'::text, 'failed'::text])))
    constraint import_runs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    constraint import_runs_tenant_id_id_key UNIQUE (tenant_id, id)
    CREATE INDEX import_runs_due_at_idx ON private.import_runs USING btree (due_at) WHERE (due_at IS NOT NULL)
    CREATE INDEX import_runs_tenant_id_id_idx ON private.import_runs USING btree (tenant_id, id)
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT ON private.import_runs DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('import_run')
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant insert, select to mirante_views

table private.import_versions owner mirante_owner, row security forced
    tenant_id uuid not null
    import_id uuid not null
    version integer not null
    run_id uuid
    importer text
    importer_version integer
    policy text
    mapping jsonb
    applied_at timestamp with time zone not null default now()
    constraint import_versions_pkey PRIMARY KEY (import_id, version)
    constraint import_versions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    constraint import_versions_tenant_id_import_id_fkey FOREIGN KEY (tenant_id, import_id) REFERENCES private.imports(tenant_id, id) ON DELETE CASCADE
    CREATE INDEX import_versions_tenant_id_idx ON private.import_versions USING btree (tenant_id)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.imports owner mirante_owner, row security forced
    id uuid not null
    tenant_id uuid not null
    key_id uuid not null
    received_at timestamp with time zone not null default now()
    first_at timestamp with time zone not null
    source text not null
    media_type text not null
    bytes bigint not null
    sha256 text not null
    object text
    sealed_key bytea not null
    sealed_with text not null
    mapping jsonb
    policy text
    status text not null default 'stored'::text
    importer text
    importer_version integer
    findings jsonb not null default '[]'::jsonb
    rows bigint not null default 0
    counts jsonb not null default '{}'::jsonb
    progress integer not null default 0
    done_rows bigint not null default 0
    is_checked boolean not null default false
    duration_ms bigint
    claim uuid
    claimed_until timestamp with time zone not null default '-infinity'::timestamp with time zone
    served_at timestamp with time zone not null default '-infinity'::timestamp with time zone
    due_at timestamp with time zone
    attempts integer not null default 0
    started_at timestamp with time zone
    completed_at timestamp with time zone
    version integer not null default 1
    rewrites jsonb not null default '[]'::jsonb
    destroyed_at timestamp with time zone
    constraint imports_object_key UNIQUE (object)
    constraint imports_pkey PRIMARY KEY (id)
    constraint imports_progress_check CHECK (((progress >= 0) AND (progress <= 100)))
    constraint imports_status_check CHECK ((status = ANY (ARRAY['stored'::text, 'running'::text, 'imported'::text, 'rejected'::text])))
    constraint imports_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    constraint imports_tenant_id_id_key UNIQUE (tenant_id, id)
    CREATE INDEX imports_due_at_idx ON private.imports USING btree (due_at) WHERE (due_at IS NOT NULL)
    CREATE INDEX imports_tenant_id_id_idx ON private.imports USING btree (tenant_id, id)
    CREATE INDEX imports_tenant_id_sha256_idx ON private.imports USING btree (tenant_id, sha256)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant insert, select to mirante_views

table private.incidents owner mirante_owner
    id uuid not null
    title text not null
    description text not null
    data_categories text[] not null
    tenant_ids uuid[] not null
    people integer
    measures text
    is_risk boolean not null
    occurred_at timestamp with time zone
    known_at timestamp with time zone not null
    notify_by timestamp with time zone not null
    authority_notified_at timestamp with time zone
    people_notified_at timestamp with time zone
    closed_at timestamp with time zone
    created_at timestamp with time zone not null default now()
    kept_until timestamp with time zone not null default (now() + '5 years'::interval)
    alerted integer not null default 0
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    constraint incidents_people_check CHECK ((people >= 0))
    constraint incidents_pkey PRIMARY KEY (id)
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR UPDATE ON private.incidents DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_incident()
    CREATE TRIGGER kept BEFORE DELETE ON private.incidents FOR EACH ROW EXECUTE FUNCTION private.keep_incident()

table private.ingest_gate owner mirante_owner
    id boolean not null default true
    settled_to timestamp with time zone not null default '-infinity'::timestamp with time zone
    constraint ingest_gate_id_check CHECK (id)
    constraint ingest_gate_pkey PRIMARY KEY (id)

table private.isolation_audits owner mirante_owner
    id bigint not null identity
    ran_at timestamp with time zone not null default now()
    attempts integer not null
    foreign_rows integer not null
    dead integer not null
    findings jsonb not null
    constraint isolation_audits_pkey PRIMARY KEY (id)
    CREATE INDEX isolation_audits_ran_at_idx ON private.isolation_audits USING btree (ran_at)

table private.journeys owner mirante_owner, row security forced
    tenant_id uuid not null
    service text not null
    id uuid not null
    started_at timestamp with time zone
    completed_at timestamp with time zone
    subjects text[] not null default '{}'::text[]
    constraint journeys_check CHECK ((num_nonnulls(started_at, completed_at) > 0))
    constraint journeys_pkey PRIMARY KEY (tenant_id, service, id)
    constraint journeys_tenant_id_service_fkey FOREIGN KEY (tenant_id, service) REFERENCES private.services(tenant_id, slug) ON DELETE CASCADE
    CREATE INDEX journeys_tenant_id_service_completed_at_started_at_idx ON private.journeys USING btree (tenant_id, service, completed_at) INCLUDE (started_at)
    CREATE INDEX journeys_tenant_id_service_started_at_completed_at_idx ON private.journeys USING btree (tenant_id, service, started_at) INCLUDE (completed_at)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

view private.latency_daily owner mirante_owner
 SELECT tenant_id,
    bucket,
    type,
    route,
    bin,
    events
   FROM ( SELECT latency_daily_rows.tenant_id,
            latency_daily_rows.bucket,
            latency_daily_rows.type,
            latency_daily_rows.route,
            latency_daily_rows.bin,
            latency_daily_rows.events
           FROM private.latency_daily_rows
          WHERE (latency_daily_rows.bucket < ( SELECT rollups.materialised_to
                   FROM storage.rollups
                  WHERE (rollups.name = 'latency_daily'::text)))
        UNION ALL
         SELECT latency_hourly.tenant_id,
            storage.time_bucket('1 day'::interval, latency_hourly.bucket) AS bucket,
            latency_hourly.type,
            latency_hourly.route,
            latency_hourly.bin,
            sum(latency_hourly.events) AS events
           FROM private.latency_hourly
          WHERE (true AND (latency_hourly.bucket >= ( SELECT rollups.materialised_to
                   FROM storage.rollups
                  WHERE (rollups.name = 'latency_daily'::text))))
          GROUP BY latency_hourly.tenant_id, (storage.time_bucket('1 day'::interval, latency_hourly.bucket)), latency_hourly.type, latency_hourly.route, latency_hourly.bin) r
  WHERE (( SELECT (CURRENT_USER = 'mirante_owner'::name)) OR (tenant_id = ( SELECT private.current_tenant() AS current_tenant)));
    grant select to mirante_views

table private.latency_daily_rows owner mirante_owner, row security forced
    tenant_id uuid
    bucket timestamp with time zone
    type text
    route text
    bin smallint
    events numeric
    CREATE UNIQUE INDEX latency_daily_key ON private.latency_daily_rows USING btree (tenant_id, bucket, type, route, bin) NULLS NOT DISTINCT
    CREATE INDEX latency_daily_rows_bucket_idx ON private.latency_daily_rows USING btree (bucket)
    CREATE INDEX latency_daily_rows_tenant_id_bucket_idx ON private.latency_daily_rows USING btree (tenant_id, bucket)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

view private.latency_hourly owner mirante_owner
 SELECT tenant_id,
    bucket,
    type,
    route,
    bin,
    events
   FROM ( SELECT latency_hourly_rows.tenant_id,
            latency_hourly_rows.bucket,
            latency_hourly_rows.type,
            latency_hourly_rows.route,
            latency_hourly_rows.bin,
            latency_hourly_rows.events
           FROM private.latency_hourly_rows
          WHERE (latency_hourly_rows.bucket < ( SELECT rollups.materialised_to
                   FROM storage.rollups
                  WHERE (rollups.name = 'latency_hourly'::text)))
        UNION ALL
         SELECT events.tenant_id,
            storage.time_bucket('01:00:00'::interval, events."time") AS bucket,
            events.type,
                CASE
                    WHEN (events.type = 'mirante.http.request.v1'::text) THEN "left"((events.data ->> 'route'::text), 200)
                    ELSE NULL::text
                END AS route,
            private.latency_bin(events.duration_ms) AS bin,
            count(*) AS events
           FROM private.events
          WHERE ((events.duration_ms IS NOT NULL) AND (events."time" >= ( SELECT rollups.materialised_to
                   FROM storage.rollups
                  WHERE (rollups.name = 'latency_hourly'::text))))
          GROUP BY events.tenant_id, (storage.time_bucket('01:00:00'::interval, events."time")), events.type,
                CASE
                    WHEN (events.type = 'mirante.http.request.v1'::text) THEN "left"((events.data ->> 'route'::text), 200)
                    ELSE NULL::text
                END, (private.latency_bin(events.duration_ms))) r
  WHERE (( SELECT (CURRENT_USER = 'mirante_owner'::name)) OR (tenant_id = ( SELECT private.current_tenant() AS current_tenant)));
    grant select to mirante_views

table private.latency_hourly_rows owner mirante_owner, row security forced
    tenant_id uuid
    bucket timestamp with time zone
    type text
    route text
    bin smallint
    events bigint
    CREATE UNIQUE INDEX latency_hourly_key ON private.latency_hourly_rows USING btree (tenant_id, bucket, type, route, bin) NULLS NOT DISTINCT
    CREATE INDEX latency_hourly_rows_bucket_idx ON private.latency_hourly_rows USING btree (bucket)
    CREATE INDEX latency_hourly_rows_tenant_id_bucket_idx ON private.latency_hourly_rows USING btree (tenant_id, bucket)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.login_codes owner mirante_owner, row security forced
    hash bytea not null
    tenant_id uuid not null
    key_id uuid not null
    expires_at timestamp with time zone not null
    constraint login_codes_key_id_fkey FOREIGN KEY (key_id) REFERENCES private.api_keys(id) ON DELETE CASCADE
    constraint login_codes_pkey PRIMARY KEY (hash)
    constraint login_codes_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    CREATE INDEX login_codes_key_id_idx ON private.login_codes USING btree (key_id)
    CREATE INDEX login_codes_tenant_id_idx ON private.login_codes USING btree (tenant_id)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.members owner mirante_owner, row security forced
    id uuid not null
    tenant_id uuid not null
    key_id uuid not null
    email text not null
    name text
    role text not null
    created_at timestamp with time zone not null default now()
    updated_at timestamp with time zone not null default now()
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    constraint members_email_check CHECK ((email = lower(email)))
    constraint members_key_id_fkey FOREIGN KEY (key_id) REFERENCES private.api_keys(id) ON DELETE CASCADE
    constraint members_key_id_key UNIQUE (key_id)
    constraint members_pkey PRIMARY KEY (id)
    constraint members_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'admin'::text, 'operator'::text])))
    constraint members_tenant_id_email_key UNIQUE (tenant_id, email)
    constraint members_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON private.members DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('member')
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.metabase_dashboards owner mirante_owner
    slug text not null
    dashboard_id integer not null
    constraint metabase_dashboards_pkey PRIMARY KEY (slug)

table private.objectives owner mirante_owner
    name text not null
    measured double precision
    measured_at timestamp with time zone
    known_until timestamp with time zone not null
    spent double precision
    burn_5m double precision
    burn_30m double precision
    burn_1h double precision
    burn_6h double precision
    burn_3d double precision
    alert text
    alert_since timestamp with time zone
    constraint objectives_alert_check CHECK ((alert = ANY (ARRAY['fast-burn'::text, 'slow-burn'::text])))
    constraint objectives_pkey PRIMARY KEY (name)

table private.offboardings owner mirante_owner, row security forced
    tenant_id uuid not null
    slug text
    requested_at timestamp with time zone not null default now()
    closed_in xid8 not null default pg_current_xact_id()
    progress integer not null default 0
    completed_at timestamp with time zone
    certificate jsonb
    retry_at timestamp with time zone
    attempts integer not null default 0
    earlier jsonb not null default '[]'::jsonb
    alerted integer not null default 0
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    constraint offboardings_pkey PRIMARY KEY (tenant_id)
    constraint offboardings_progress_check CHECK (((progress >= 0) AND (progress <= 100)))
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR UPDATE OF completed_at ON private.offboardings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('offboarding', 'tenant_id')
    CREATE TRIGGER ledger AFTER INSERT OR UPDATE OF requested_at ON private.offboardings FOR EACH ROW EXECUTE FUNCTION private.note_in_ledger()
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.performance_reports owner mirante_owner, row security forced
    id uuid not null
    tenant_id uuid not null
    service text not null
    period text not null
    assisted_digital boolean
    cause text not null
    publish boolean not null
    notify uuid[]
    status text not null default 'queued'::text
    error text
    attempts integer not null default 0
    requested_at timestamp with time zone not null default now()
    due_at timestamp with time zone not null default now()
    completed_at timestamp with time zone
    measures jsonb
    method jsonb
    missing jsonb
    revision integer
    published_at timestamp with time zone
    withdrawn_at timestamp with time zone
    changes jsonb
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    constraint performance_reports_cause_check CHECK ((cause = ANY (ARRAY['request'::text, 'schedule'::text])))
    constraint performance_reports_check CHECK (((published_at IS NULL) OR (status = 'completed'::text)))
    constraint performance_reports_pkey PRIMARY KEY (id)
    constraint performance_reports_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'completed'::text, 'failed'::text])))
    constraint performance_reports_tenant_id_service_fkey FOREIGN KEY (tenant_id, service) REFERENCES private.services(tenant_id, slug) ON DELETE CASCADE
    constraint performance_reports_tenant_id_service_period_revision_key UNIQUE (tenant_id, service, period, revision)
    CREATE INDEX performance_reports_due_at_idx ON private.performance_reports USING btree (due_at) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text]))
    CREATE INDEX performance_reports_tenant_id_id_idx ON private.performance_reports USING btree (tenant_id, id)
    CREATE INDEX performance_reports_tenant_id_service_published_at_idx ON private.performance_reports USING btree (tenant_id, service, published_at) WHERE ((published_at IS NOT NULL) AND (withdrawn_at IS NULL))
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR DELETE OR UPDATE OF published_at, withdrawn_at ON private.performance_reports DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('performance_report')
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant insert, select to mirante_views

table private.privacy_files owner mirante_owner, row security forced
    tenant_id uuid not null
    request_id uuid not null
    name text not null
    part integer not null
    content bytea not null
    constraint privacy_files_pkey PRIMARY KEY (request_id, name, part)
    constraint privacy_files_request_id_fkey FOREIGN KEY (request_id) REFERENCES private.privacy_requests(id) ON DELETE CASCADE
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.privacy_requests owner mirante_owner, row security forced
    id uuid not null
    tenant_id uuid not null
    kind text not null
    person text
    person_hash text not null
    reason text
    status text not null default 'queued'::text
    progress integer not null default 0
    created_at timestamp with time zone not null default now()
    due_at timestamp with time zone not null default (now() + '15 days'::interval)
    completed_at timestamp with time zone
    outcome jsonb
    claim uuid
    claimed_until timestamp with time zone
    served_at timestamp with time zone
    retry_at timestamp with time zone
    attempts integer not null default 0
    lasting_hash text
    blocked text
    cut_off timestamp with time zone
    alerted integer not null default 0
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    constraint privacy_requests_claimed CHECK (((status <> 'running'::text) OR ((claim IS NOT NULL) AND (claimed_until IS NOT NULL))))
    constraint privacy_requests_kind_check CHECK ((kind = ANY (ARRAY['access'::text, 'erasure'::text, 'withdrawal'::text, 'restoration'::text])))
    constraint privacy_requests_pkey PRIMARY KEY (id)
    constraint privacy_requests_progress_check CHECK (((progress >= 0) AND (progress <= 100)))
    constraint privacy_requests_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'completed'::text, 'superseded'::text])))
    constraint privacy_requests_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    CREATE INDEX privacy_requests_open ON private.privacy_requests USING btree (created_at) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text]))
    CREATE UNIQUE INDEX privacy_requests_person ON private.privacy_requests USING btree (tenant_id, person_hash) WHERE (status = 'running'::text)
    CREATE INDEX privacy_requests_tenant_id_id_idx ON private.privacy_requests USING btree (tenant_id, id)
    CREATE INDEX privacy_requests_tenant_id_served_at_idx ON private.privacy_requests USING btree (tenant_id, served_at)
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR DELETE OR UPDATE OF completed_at ON private.privacy_requests DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('privacy_request')
    CREATE TRIGGER ledger AFTER INSERT ON private.privacy_requests FOR EACH ROW EXECUTE FUNCTION private.note_in_ledger()
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant insert, select to mirante_views

table private.privacy_reviews owner mirante_owner, row security forced
    id uuid not null
    tenant_id uuid not null
    request_id uuid not null
    person_hash text not null
    quarantine_id uuid not null
    received_at timestamp with time zone not null
    cuts jsonb not null
    decision text
    created_at timestamp with time zone not null default now()
    decided_at timestamp with time zone
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    constraint privacy_reviews_decision_check CHECK ((decision = ANY (ARRAY['keep'::text, 'cut-out'::text, 'destroy'::text])))
    constraint privacy_reviews_pkey PRIMARY KEY (id)
    constraint privacy_reviews_request_id_fkey FOREIGN KEY (request_id) REFERENCES private.privacy_requests(id) ON DELETE CASCADE
    constraint privacy_reviews_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    constraint privacy_reviews_tenant_id_quarantine_id_person_hash_key UNIQUE (tenant_id, quarantine_id, person_hash)
    CREATE INDEX privacy_reviews_request_id_idx ON private.privacy_reviews USING btree (request_id)
    CREATE INDEX privacy_reviews_tenant_id_id_idx ON private.privacy_reviews USING btree (tenant_id, id)
    CREATE CONSTRAINT TRIGGER audit AFTER UPDATE OF decision ON private.privacy_reviews DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('privacy_review')
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.privacy_versions owner mirante_owner, row security forced
    tenant_id uuid not null
    version bigint not null
    constraint privacy_versions_pkey PRIMARY KEY (tenant_id)
    constraint privacy_versions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))

table private.probe_totals owner mirante_owner
    probe text not null
    taken bigint not null
    failed bigint not null
    at timestamp with time zone not null
    milliseconds double precision not null
    constraint probe_totals_pkey PRIMARY KEY (probe)

table private.probes owner mirante_owner partition by RANGE (at)
    probe text not null
    at timestamp with time zone not null
    ok boolean not null
    milliseconds double precision not null
    detail text
    constraint probes_pkey PRIMARY KEY (probe, at)
    constraint probes_probe_check CHECK ((probe = ANY (ARRAY['ready'::text, 'ingest'::text, 'query'::text, 'arrival'::text])))

table private.pseudonym_keys owner mirante_owner, row security forced
    tenant_id uuid not null
    key bytea not null
    created_at timestamp with time zone not null default now()
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    constraint pseudonym_keys_key_check CHECK ((octet_length(key) = 32))
    constraint pseudonym_keys_pkey PRIMARY KEY (tenant_id)
    constraint pseudonym_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR DELETE ON private.pseudonym_keys DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('pseudonym_key', 'tenant_id')
    CREATE TRIGGER version AFTER DELETE ON private.pseudonym_keys FOR EACH ROW EXECUTE FUNCTION private.raise_privacy_version()
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))

table private.quality_results owner mirante_owner partition by RANGE (day), row security forced
    tenant_id uuid not null
    day timestamp with time zone not null
    check_name text not null
    value double precision
    status text not null
    weight integer not null
    checked_at timestamp with time zone not null
    constraint quality_results_pkey PRIMARY KEY (tenant_id, day, check_name)
    constraint quality_results_status_check CHECK ((status = ANY (ARRAY['pass'::text, 'warn'::text, 'fail'::text, 'unknown'::text])))
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.quarantine owner mirante_owner partition by RANGE (received_at), row security forced
    tenant_id uuid not null
    received_at timestamp with time zone not null
    id uuid not null
    status text not null
    code text not null
    detail text
    pointer text
    type text
    key_id uuid not null
    raw bytea not null
    replayed_at timestamp with time zone
    constraint quarantine_pkey PRIMARY KEY (tenant_id, received_at, id)
    constraint quarantine_status_check CHECK ((status = ANY (ARRAY['quarantined'::text, 'conflict'::text, 'rejected'::text])))
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.receipts owner mirante_owner with (fillfactor=80), row security forced
    tenant_id uuid not null
    hour timestamp with time zone not null
    accepted bigint not null
    duplicates bigint not null
    quarantined bigint not null
    settled boolean not null default false
    constraint receipts_pkey PRIMARY KEY (tenant_id, hour)
    CREATE INDEX receipts_hour_idx ON private.receipts USING btree (hour)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.reconciliations owner mirante_owner, row security forced
    tenant_id uuid not null
    ran_at timestamp with time zone not null
    hours bigint not null
    receipts bigint not null
    raw bigint not null
    rolled_up bigint not null
    quarantined bigint not null
    differences bigint not null
    first_difference jsonb
    constraint reconciliations_pkey PRIMARY KEY (tenant_id, ran_at)
    CREATE INDEX reconciliations_ran_at_idx ON private.reconciliations USING btree (ran_at)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.replayed_scans owner mirante_owner, row security forced
    tenant_id uuid not null
    run_id uuid not null
    import_id uuid not null
    number integer not null
    test_id text not null
    student_id text not null
    available integer not null
    obtained integer not null
    scanned_at timestamp with time zone
    constraint replayed_scans_check CHECK (((obtained >= 0) AND (obtained <= available)))
    constraint replayed_scans_pkey PRIMARY KEY (run_id, import_id, number)
    constraint replayed_scans_run_id_fkey FOREIGN KEY (run_id) REFERENCES private.import_runs(id) ON DELETE CASCADE
    CREATE INDEX replayed_scans_tenant_id_student_id_idx ON private.replayed_scans USING btree (tenant_id, student_id)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.restatements owner mirante_owner, row security forced
    id uuid not null default gen_random_uuid()
    tenant_id uuid not null
    rollup text not null
    bucket timestamp with time zone not null
    before bigint not null
    after bigint
    restated_at timestamp with time zone not null default now()
    service text
    constraint restatements_pkey PRIMARY KEY (id)
    CREATE UNIQUE INDEX restatements_rollup_tenant_id_bucket_idx ON private.restatements USING btree (rollup, tenant_id, bucket) WHERE (after IS NULL)
    CREATE INDEX restatements_tenant_id_restated_at_id_idx ON private.restatements USING btree (tenant_id, restated_at, id)
    CREATE INDEX restatements_tenant_id_rollup_bucket_idx ON private.restatements USING btree (tenant_id, rollup, bucket)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.restore_drills owner mirante_owner
    id bigint not null identity
    started_at timestamp with time zone not null default now()
    ended_at timestamp with time zone
    kind text not null
    passed boolean
    backup_seconds double precision
    restore_seconds double precision
    bytes bigint
    tables integer
    records bigint
    figures integer
    detail text
    constraint restore_drills_check CHECK (((ended_at IS NULL) = (passed IS NULL)))
    constraint restore_drills_kind_check CHECK ((kind = ANY (ARRAY['dump'::text, 'copy'::text])))
    constraint restore_drills_pkey PRIMARY KEY (id)
    CREATE INDEX restore_drills_started_at_idx ON private.restore_drills USING btree (started_at)

table private.roles_to_drop owner mirante_owner
    login text not null
    noted_at timestamp with time zone not null default now()
    attempts integer not null default 0
    due_at timestamp with time zone not null default now()
    error text
    constraint roles_to_drop_login_check CHECK ((login ~ '^mirante_sql_[a-z0-9]{16}$'::text))
    constraint roles_to_drop_pkey PRIMARY KEY (login)

table private.rule_hits owner mirante_owner partition by RANGE ("time"), row security forced
    tenant_id uuid not null
    "time" timestamp with time zone not null
    id uuid not null
    rule text not null
    marketplace text
    hits bigint not null
    constraint rule_hits_pkey PRIMARY KEY (tenant_id, "time", id, rule)
    CREATE INDEX rule_hits_time ON ONLY private.rule_hits USING brin ("time") WITH (pages_per_range='32')
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

view private.rules_daily owner mirante_owner
 SELECT tenant_id,
    bucket,
    marketplace,
    rule,
    hits,
    validations
   FROM ( SELECT rules_daily_rows.tenant_id,
            rules_daily_rows.bucket,
            rules_daily_rows.marketplace,
            rules_daily_rows.rule,
            rules_daily_rows.hits,
            rules_daily_rows.validations
           FROM private.rules_daily_rows
          WHERE (rules_daily_rows.bucket < ( SELECT rollups.materialised_to
                   FROM storage.rollups
                  WHERE (rollups.name = 'rules_daily'::text)))
        UNION ALL
         SELECT rules_hourly.tenant_id,
            storage.time_bucket('1 day'::interval, rules_hourly.bucket) AS bucket,
            rules_hourly.marketplace,
            rules_hourly.rule,
            sum(rules_hourly.hits) AS hits,
            sum(rules_hourly.validations) AS validations
           FROM private.rules_hourly
          WHERE (true AND (rules_hourly.bucket >= ( SELECT rollups.materialised_to
                   FROM storage.rollups
                  WHERE (rollups.name = 'rules_daily'::text))))
          GROUP BY rules_hourly.tenant_id, (storage.time_bucket('1 day'::interval, rules_hourly.bucket)), rules_hourly.marketplace, rules_hourly.rule) r
  WHERE (( SELECT (CURRENT_USER = 'mirante_owner'::name)) OR (tenant_id = ( SELECT private.current_tenant() AS current_tenant)));
    grant select to mirante_views

table private.rules_daily_rows owner mirante_owner, row security forced
    tenant_id uuid
    bucket timestamp with time zone
    marketplace text
    rule text
    hits numeric
    validations numeric
    CREATE UNIQUE INDEX rules_daily_key ON private.rules_daily_rows USING btree (tenant_id, bucket, marketplace, rule) NULLS NOT DISTINCT
    CREATE INDEX rules_daily_rows_bucket_idx ON private.rules_daily_rows USING btree (bucket)
    CREATE INDEX rules_daily_rows_tenant_id_bucket_idx ON private.rules_daily_rows USING btree (tenant_id, bucket)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

view private.rules_hourly owner mirante_owner
 SELECT tenant_id,
    bucket,
    marketplace,
    rule,
    hits,
    validations
   FROM ( SELECT rules_hourly_rows.tenant_id,
            rules_hourly_rows.bucket,
            rules_hourly_rows.marketplace,
            rules_hourly_rows.rule,
            rules_hourly_rows.hits,
            rules_hourly_rows.validations
           FROM private.rules_hourly_rows
          WHERE (rules_hourly_rows.bucket < ( SELECT rollups.materialised_to
                   FROM storage.rollups
                  WHERE (rollups.name = 'rules_hourly'::text)))
        UNION ALL
         SELECT rule_hits.tenant_id,
            storage.time_bucket('01:00:00'::interval, rule_hits."time") AS bucket,
            rule_hits.marketplace,
            rule_hits.rule,
            sum(rule_hits.hits) AS hits,
            count(*) AS validations
           FROM private.rule_hits
          WHERE (true AND (rule_hits."time" >= ( SELECT rollups.materialised_to
                   FROM storage.rollups
                  WHERE (rollups.name = 'rules_hourly'::text))))
          GROUP BY rule_hits.tenant_id, (storage.time_bucket('01:00:00'::interval, rule_hits."time")), rule_hits.marketplace, rule_hits.rule) r
  WHERE (( SELECT (CURRENT_USER = 'mirante_owner'::name)) OR (tenant_id = ( SELECT private.current_tenant() AS current_tenant)));
    grant select to mirante_views

table private.rules_hourly_rows owner mirante_owner, row security forced
    tenant_id uuid
    bucket timestamp with time zone
    marketplace text
    rule text
    hits numeric
    validations bigint
    CREATE UNIQUE INDEX rules_hourly_key ON private.rules_hourly_rows USING btree (tenant_id, bucket, marketplace, rule) NULLS NOT DISTINCT
    CREATE INDEX rules_hourly_rows_bucket_idx ON private.rules_hourly_rows USING btree (bucket)
    CREATE INDEX rules_hourly_rows_tenant_id_bucket_idx ON private.rules_hourly_rows USING btree (tenant_id, bucket)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.services owner mirante_owner, row security forced
    tenant_id uuid not null
    slug text not null
    revision integer not null default 1
    name text not null
    locales text[] not null
    timezone text not null
    started text
    completed text
    journey_id text
    draft_limit_days integer not null
    channels text[] not null
    assisted_digital boolean not null default true
    costs jsonb not null
    comment_retention_days integer not null
    journeys_to timestamp with time zone
    collected_to timestamp with time zone
    created_at timestamp with time zone not null default now()
    updated_at timestamp with time zone not null default now()
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    constraint services_check CHECK ((num_nulls(started, completed, journey_id) = ANY (ARRAY[0, 3])))
    constraint services_comment_retention_days_check CHECK ((comment_retention_days > 0))
    constraint services_draft_limit_days_check CHECK ((draft_limit_days > 0))
    constraint services_locales_check CHECK ((cardinality(locales) > 0))
    constraint services_pkey PRIMARY KEY (tenant_id, slug)
    constraint services_slug_check CHECK ((slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'::text))
    constraint services_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR DELETE OR UPDATE OF revision ON private.services DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('service', 'slug')
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant insert, select, update to mirante_views

table private.sessions owner mirante_owner, row security forced
    id uuid not null
    tenant_id uuid not null
    key_id uuid not null
    hash bytea not null
    address inet
    agent text not null
    created_at timestamp with time zone not null default now()
    seen_at timestamp with time zone not null default now()
    expires_at timestamp with time zone not null
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    constraint sessions_hash_key UNIQUE (hash)
    constraint sessions_key_id_fkey FOREIGN KEY (key_id) REFERENCES private.api_keys(id) ON DELETE CASCADE
    constraint sessions_pkey PRIMARY KEY (id)
    constraint sessions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    CREATE INDEX sessions_key_id_idx ON private.sessions USING btree (key_id)
    CREATE INDEX sessions_tenant_id_idx ON private.sessions USING btree (tenant_id)
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR DELETE ON private.sessions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('session')
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.settings owner mirante_owner
    name text not null
    value double precision not null
    constraint settings_pkey PRIMARY KEY (name)

table private.sql_logins owner mirante_owner, row security forced
    id uuid not null
    tenant_id uuid not null
    login text not null
    name text not null
    connection_limit integer not null
    statement_timeout_seconds integer not null
    created_at timestamp with time zone not null default now()
    expires_at timestamp with time zone
    revoked_at timestamp with time zone
    ended_at timestamp with time zone
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    constraint sql_logins_login_check CHECK ((login ~ '^mirante_sql_[a-z0-9]{16}$'::text))
    constraint sql_logins_login_key UNIQUE (login)
    constraint sql_logins_pkey PRIMARY KEY (id)
    constraint sql_logins_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE RESTRICT
    CREATE INDEX sql_logins_tenant_id_id_idx ON private.sql_logins USING btree (tenant_id, id)
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR DELETE OR UPDATE OF revoked_at, ended_at ON private.sql_logins DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('sql_login')
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.student_test_results owner mirante_owner, row security forced
    tenant_id uuid not null
    student_id text not null
    test_id text not null
    available_points integer not null
    obtained_points integer not null
    origins_import_vault uuid[] not null
    date_of_test timestamp with time zone
    updated_on timestamp with time zone not null default now()
    constraint student_test_results_pkey PRIMARY KEY (tenant_id, student_id, test_id)
    CREATE INDEX student_test_results_tenant_id_test_id_available_points_obt_idx ON private.student_test_results USING btree (tenant_id, test_id) INCLUDE (available_points, obtained_points)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.support_access owner mirante_owner, row security forced
    tenant_id uuid not null
    allowed_until timestamp with time zone not null
    created_at timestamp with time zone not null default now()
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    constraint support_access_pkey PRIMARY KEY (tenant_id)
    constraint support_access_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON private.support_access DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('support_access', 'tenant_id')
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.support_visits owner mirante_owner, row security forced
    id uuid not null
    tenant_id uuid not null
    key_id uuid not null
    operator_key uuid not null
    operator text not null
    stated_reason text not null
    created_at timestamp with time zone not null default now()
    ends_at timestamp with time zone not null
    ended_at timestamp with time zone
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    constraint support_visits_key_id_fkey FOREIGN KEY (key_id) REFERENCES private.api_keys(id) ON DELETE CASCADE
    constraint support_visits_key_id_key UNIQUE (key_id)
    constraint support_visits_operator_key_fkey FOREIGN KEY (operator_key) REFERENCES private.api_keys(id) ON DELETE CASCADE
    constraint support_visits_pkey PRIMARY KEY (id)
    constraint support_visits_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    CREATE INDEX support_visits_operator_key_idx ON private.support_visits USING btree (operator_key)
    CREATE INDEX support_visits_tenant_id_id_idx ON private.support_visits USING btree (tenant_id, id)
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR UPDATE ON private.support_visits DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('support_visit')
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.tenants owner mirante_owner, row security forced
    id uuid not null
    slug text not null
    name text not null
    kind text not null default 'customer'::text
    country text
    timezone text not null default 'UTC'::text
    locale text not null default 'en'::text
    features jsonb not null default '{}'::jsonb
    attributes jsonb not null default '{}'::jsonb
    limits jsonb not null default '{}'::jsonb
    raw_retention_days integer
    created_at timestamp with time zone not null default now()
    updated_at timestamp with time zone not null default now()
    offboarding_at timestamp with time zone
    embed_origins text[] not null default '{}'::text[]
    constraint audit TRIGGER DEFERRABLE INITIALLY DEFERRED
    constraint tenants_kind_check CHECK ((kind = ANY (ARRAY['customer'::text, 'operations'::text, 'canary'::text])))
    constraint tenants_pkey PRIMARY KEY (id)
    constraint tenants_raw_retention_days_check CHECK (((raw_retention_days >= 1) AND (raw_retention_days <= 3650)))
    constraint tenants_slug_check CHECK ((slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'::text))
    constraint tenants_slug_key UNIQUE (slug)
    CREATE CONSTRAINT TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON private.tenants DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.audit_change('tenant')
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.test_scans owner mirante_owner, row security forced
    tenant_id uuid not null
    import_id uuid not null
    number integer not null
    test_id text not null
    student_id text not null
    available integer not null
    obtained integer not null
    scanned_at timestamp with time zone
    constraint test_scans_check CHECK (((obtained >= 0) AND (obtained <= available)))
    constraint test_scans_pkey PRIMARY KEY (tenant_id, import_id, number)
    CREATE INDEX test_scans_tenant_id_student_id_idx ON private.test_scans USING btree (tenant_id, student_id)
    CREATE INDEX test_scans_tenant_id_test_id_student_id_idx ON private.test_scans USING btree (tenant_id, test_id, student_id)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.tests owner mirante_owner, row security forced
    tenant_id uuid not null
    test_id text not null
    policy text not null default 'lexicographic.v1'::text
    constraint tests_pkey PRIMARY KEY (tenant_id, test_id)
    constraint tests_policy_check CHECK ((policy = ANY (ARRAY['lexicographic.v1'::text, 'max-each.v1'::text])))
    constraint tests_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

view private.validations_daily owner mirante_owner
 SELECT tenant_id,
    bucket,
    marketplace,
    outcome,
    validations,
    rows,
    errors,
    warnings
   FROM ( SELECT validations_daily_rows.tenant_id,
            validations_daily_rows.bucket,
            validations_daily_rows.marketplace,
            validations_daily_rows.outcome,
            validations_daily_rows.validations,
            validations_daily_rows.rows,
            validations_daily_rows.errors,
            validations_daily_rows.warnings
           FROM private.validations_daily_rows
          WHERE (validations_daily_rows.bucket < ( SELECT rollups.materialised_to
                   FROM storage.rollups
                  WHERE (rollups.name = 'validations_daily'::text)))
        UNION ALL
         SELECT validations_hourly.tenant_id,
            storage.time_bucket('1 day'::interval, validations_hourly.bucket) AS bucket,
            validations_hourly.marketplace,
            validations_hourly.outcome,
            sum(validations_hourly.validations) AS validations,
            sum(validations_hourly.rows) AS rows,
            sum(validations_hourly.errors) AS errors,
            sum(validations_hourly.warnings) AS warnings
           FROM private.validations_hourly
          WHERE (true AND (validations_hourly.bucket >= ( SELECT rollups.materialised_to
                   FROM storage.rollups
                  WHERE (rollups.name = 'validations_daily'::text))))
          GROUP BY validations_hourly.tenant_id, (storage.time_bucket('1 day'::interval, validations_hourly.bucket)), validations_hourly.marketplace, validations_hourly.outcome) r
  WHERE (( SELECT (CURRENT_USER = 'mirante_owner'::name)) OR (tenant_id = ( SELECT private.current_tenant() AS current_tenant)));
    grant select to mirante_views

table private.validations_daily_rows owner mirante_owner, row security forced
    tenant_id uuid
    bucket timestamp with time zone
    marketplace text
    outcome text
    validations numeric
    rows numeric
    errors numeric
    warnings numeric
    CREATE UNIQUE INDEX validations_daily_key ON private.validations_daily_rows USING btree (tenant_id, bucket, marketplace, outcome) NULLS NOT DISTINCT
    CREATE INDEX validations_daily_rows_bucket_idx ON private.validations_daily_rows USING btree (bucket)
    CREATE INDEX validations_daily_rows_tenant_id_bucket_idx ON private.validations_daily_rows USING btree (tenant_id, bucket)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

view private.validations_hourly owner mirante_owner
 SELECT tenant_id,
    bucket,
    marketplace,
    outcome,
    validations,
    rows,
    errors,
    warnings
   FROM ( SELECT validations_hourly_rows.tenant_id,
            validations_hourly_rows.bucket,
            validations_hourly_rows.marketplace,
            validations_hourly_rows.outcome,
            validations_hourly_rows.validations,
            validations_hourly_rows.rows,
            validations_hourly_rows.errors,
            validations_hourly_rows.warnings
           FROM private.validations_hourly_rows
          WHERE (validations_hourly_rows.bucket < ( SELECT rollups.materialised_to
                   FROM storage.rollups
                  WHERE (rollups.name = 'validations_hourly'::text)))
        UNION ALL
         SELECT events.tenant_id,
            storage.time_bucket('01:00:00'::interval, events."time") AS bucket,
            "left"((events.data ->> 'marketplace'::text), 200) AS marketplace,
            events.outcome,
            count(*) AS validations,
            sum(private.sane_count((events.data -> 'rows'::text))) AS rows,
            sum(private.sane_count((events.data -> 'errors'::text))) AS errors,
            sum(private.sane_count((events.data -> 'warnings'::text))) AS warnings
           FROM private.events
          WHERE ((events.type = 'br.validahub.validation.completed.v1'::text) AND (events."time" >= ( SELECT rollups.materialised_to
                   FROM storage.rollups
                  WHERE (rollups.name = 'validations_hourly'::text))))
          GROUP BY events.tenant_id, (storage.time_bucket('01:00:00'::interval, events."time")), ("left"((events.data ->> 'marketplace'::text), 200)), events.outcome) r
  WHERE (( SELECT (CURRENT_USER = 'mirante_owner'::name)) OR (tenant_id = ( SELECT private.current_tenant() AS current_tenant)));
    grant select to mirante_views

table private.validations_hourly_rows owner mirante_owner, row security forced
    tenant_id uuid
    bucket timestamp with time zone
    marketplace text
    outcome text
    validations bigint
    rows numeric
    errors numeric
    warnings numeric
    CREATE UNIQUE INDEX validations_hourly_key ON private.validations_hourly_rows USING btree (tenant_id, bucket, marketplace, outcome) NULLS NOT DISTINCT
    CREATE INDEX validations_hourly_rows_bucket_idx ON private.validations_hourly_rows USING btree (bucket)
    CREATE INDEX validations_hourly_rows_tenant_id_bucket_idx ON private.validations_hourly_rows USING btree (tenant_id, bucket)
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant select to mirante_views

table private.withdrawal_keys owner mirante_owner, row security forced
    tenant_id uuid not null
    key bytea not null
    created_at timestamp with time zone not null default now()
    constraint withdrawal_keys_key_check CHECK ((octet_length(key) = 32))
    constraint withdrawal_keys_pkey PRIMARY KEY (tenant_id)
    constraint withdrawal_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))

table private.withdrawn_subjects owner mirante_owner, row security forced
    tenant_id uuid not null
    subject_hash text not null
    withdrawn_at timestamp with time zone not null default now()
    constraint withdrawn_subjects_pkey PRIMARY KEY (tenant_id, subject_hash)
    constraint withdrawn_subjects_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES private.tenants(id) ON DELETE CASCADE
    CREATE TRIGGER version AFTER INSERT OR DELETE ON private.withdrawn_subjects FOR EACH ROW EXECUTE FUNCTION private.raise_privacy_version()
    policy all_tenants for all to mirante_owner using (true)
    policy one_tenant for all to mirante_views using ((tenant_id = ( SELECT private.current_tenant() AS current_tenant))) with check ((tenant_id = ( SELECT private.current_tenant() AS current_tenant)))
    grant delete, insert, select to mirante_views

table storage.archive_runs owner mirante_owner
    id bigint not null identity
    started_at timestamp with time zone not null
    ended_at timestamp with time zone not null default now()
    boundary timestamp with time zone
    files integer not null
    rows bigint not null
    bytes bigint not null
    removed integer not null
    error text
    constraint archive_runs_pkey PRIMARY KEY (id)

table storage.archive_turn owner mirante_owner

table storage.hypertables owner mirante_owner
    name text not null
    time_column text not null
    chunk_width interval not null
    retained_from timestamp with time zone not null default '-infinity'::timestamp with time zone
    columnstore_after interval
    constraint hypertables_pkey PRIMARY KEY (name)

table storage.locks owner mirante_owner
    name text not null
    constraint locks_pkey PRIMARY KEY (name)

table storage.retention_runs owner mirante_owner
    id bigint not null identity
    ran_at timestamp with time zone not null default now()
    relation text not null
    rule text not null
    dropped_to timestamp with time zone not null
    dropped integer not null
    constraint retention_runs_pkey PRIMARY KEY (id)

table storage.rollups owner mirante_owner
    name text not null
    source text not null
    width interval not null
    materialised_to timestamp with time zone not null
    retained_from timestamp with time zone not null default '-infinity'::timestamp with time zone
    constraint rollups_pkey PRIMARY KEY (name)
    grant select to mirante_views

function app.read_corrections(since timestamp with time zone, until timestamp with time zone, days timestamp with time zone[]) returns TABLE(bucket timestamp with time zone, marketplace text, rule text, corrections numeric, rows numeric) language sql stable owner mirante_views, body 2457cb233d1c20733cd54b0236d0a32f

function app.read_events(since timestamp with time zone, until timestamp with time zone, days timestamp with time zone[]) returns TABLE(bucket timestamp with time zone, type text, outcome text, route text, events numeric, bytes numeric) language sql stable owner mirante_views, body 56690e3bf0fc2664b935940ab1daac94

function app.read_latency(since timestamp with time zone, until timestamp with time zone, days timestamp with time zone[]) returns TABLE(bucket timestamp with time zone, type text, route text, bin smallint, events numeric) language sql stable owner mirante_views, body ca4ac807106b2df228431d214fce7012

function app.read_rules(since timestamp with time zone, until timestamp with time zone, days timestamp with time zone[]) returns TABLE(bucket timestamp with time zone, marketplace text, rule text, hits numeric, validations numeric) language sql stable owner mirante_views, body c4c618a0d88c810fd7549cdf78d31262

function app.read_validations(since timestamp with time zone, until timestamp with time zone, days timestamp with time zone[]) returns TABLE(bucket timestamp with time zone, marketplace text, outcome text, validations numeric, rows numeric, errors numeric, warnings numeric) language sql stable owner mirante_views, body bbc79e28c34af6dc28a4ed5704608cd2

function app.silence_audit(tenant_grant text) returns void language sql volatile security definer owner mirante_views set search_path=pg_catalog, pg_temp, body 93df886a0b561155ed3b1810016b48b7
    grant execute to mirante_api
    grant execute to mirante_sql

function bi.benchmarks(tenant_grant text, since timestamp with time zone, until timestamp with time zone, width text, only_metric text DEFAULT NULL::text) returns TABLE(bucket timestamp with time zone, period text, metric text, own double precision, p25 double precision, p50 double precision, p75 double precision, cohort text, size_band text, suppressed text, reason text) language plpgsql volatile security definer owner mirante_views set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body e61e4ade3ad34a0e11d7a0aae407ee5a
    grant execute to mirante_metabase

function bi.corrections(tenant_grant text, since timestamp with time zone, until timestamp with time zone, width text) returns TABLE(bucket timestamp with time zone, marketplace text, rule text, corrections bigint, rows bigint) language plpgsql volatile security definer owner mirante_views set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body 824938bbb0f393fa58bf688b748880aa
    grant execute to mirante_metabase

function bi.data_quality(tenant_grant text, since timestamp with time zone, until timestamp with time zone, width text) returns TABLE(bucket timestamp with time zone, day date, check_name text, title text, status text, value double precision, weight integer, points numeric, checked_at timestamp with time zone) language plpgsql volatile security definer owner mirante_views set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body 78359aba0f93dd518f61fc5beb42aa78
    grant execute to mirante_metabase

function bi.events(tenant_grant text, since timestamp with time zone, until timestamp with time zone, width text) returns TABLE(bucket timestamp with time zone, type text, outcome text, events bigint, bytes bigint) language plpgsql volatile security definer owner mirante_views set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body f7d44827fb7fa3341881448d81a8a64c
    grant execute to mirante_metabase

function bi.freshness(tenant_grant text, since timestamp with time zone, until timestamp with time zone, width text) returns TABLE(bucket timestamp with time zone, type text, events bigint, last_event_at timestamp with time zone, arrived_at timestamp with time zone) language plpgsql volatile security definer owner mirante_views set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body 9fe0edd588de492cb4e414abd8d44bef
    grant execute to mirante_metabase

function bi.latency(tenant_grant text, since timestamp with time zone, until timestamp with time zone, width text, only_type text DEFAULT NULL::text) returns TABLE(bucket timestamp with time zone, type text, route text, events bigint, p50 double precision, p95 double precision, p99 double precision) language plpgsql volatile security definer owner mirante_views set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body f0cb6c5f6adef389e384c182f1212dfc
    grant execute to mirante_metabase

function bi.quarantined(tenant_grant text, since timestamp with time zone, until timestamp with time zone, width text) returns TABLE(bucket timestamp with time zone, status text, code text, type text, refused bigint, waiting bigint, last_at timestamp with time zone) language plpgsql volatile security definer owner mirante_views set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body c1ee8513cc0e4b2a27bd50a8628117bf
    grant execute to mirante_metabase

function bi.rules(tenant_grant text, since timestamp with time zone, until timestamp with time zone, width text) returns TABLE(bucket timestamp with time zone, marketplace text, rule text, hits bigint, validations bigint) language plpgsql volatile security definer owner mirante_views set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body 2cbca12edf3f447252bb97fca57248c7
    grant execute to mirante_metabase

function bi.silence_audit(tenant_grant text) returns void language sql volatile security definer owner mirante_views set search_path=pg_catalog, pg_temp, body 93df886a0b561155ed3b1810016b48b7
    grant execute to mirante_metabase

function bi.test_findings(tenant_grant text, since timestamp with time zone, until timestamp with time zone, width text) returns TABLE(bucket timestamp with time zone, code text, status text, documents bigint, last_at timestamp with time zone) language plpgsql volatile security definer owner mirante_views set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body 3fafec4aee47a804e638d9a0c522c47e
    grant execute to mirante_metabase

function bi.test_quartiles(tenant_grant text, since timestamp with time zone, until timestamp with time zone, width text, VARIADIC only_tests text[] DEFAULT NULL::text[]) returns TABLE(bucket timestamp with time zone, p25 double precision, p50 double precision, p75 double precision, results bigint) language plpgsql volatile security definer owner mirante_views set search_path=pg_catalog, pg_temp, body c9e55d3a012a1da6811d6db37a710a3e
    grant execute to mirante_metabase

function bi.test_results(tenant_grant text, since timestamp with time zone, until timestamp with time zone, width text, VARIADIC only_tests text[] DEFAULT NULL::text[]) returns TABLE(bucket timestamp with time zone, test text, percent double precision, results bigint) language plpgsql volatile security definer owner mirante_views set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body ec63bb05b297a21027faa3bc4015d749
    grant execute to mirante_metabase

function bi.validations(tenant_grant text, since timestamp with time zone, until timestamp with time zone, width text) returns TABLE(bucket timestamp with time zone, marketplace text, outcome text, validations bigint, rows bigint, errors bigint, warnings bigint) language plpgsql volatile security definer owner mirante_views set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body 6f82f84408a866d15682813c4ea86eab
    grant execute to mirante_metabase

function bi.week_hours(tenant_grant text, since timestamp with time zone, until timestamp with time zone, width text) returns TABLE(bucket timestamp with time zone, marketplace text, day integer, weekday text, hour text, validations bigint, failures bigint, errors bigint) language plpgsql volatile security definer owner mirante_views set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body c9d7592e0b165a9c4981e301dd69c371
    grant execute to mirante_metabase

function door.add_feedback(feedback_id uuid, tenant uuid, service_slug text, given integer, in_locale text, words text) returns boolean language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body e8667499584ac9da8f78b6e2f4faefc5
    grant execute to mirante_api

function door.adopt_login(login text) returns void language plpgsql volatile security definer owner mirante_logins set search_path=pg_catalog, pg_temp, body 799f765d8bd0b733c1c1708ebf1340eb
    grant execute to mirante_owner

function door.alert_counts() returns TABLE(firing bigint, waiting bigint, delivered bigint, failed bigint) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 6b89f1f375ba43ec286a86dbd4f79c7b
    grant execute to mirante_api

function door.allow_support(until timestamp with time zone) returns void language sql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 3a5353311e0ba7da30667fb2315001d1
    grant execute to mirante_api

function door.archive_rules() returns SETOF private.archive_rules language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 21c9e8e2255f69b5ae36d1ae8f693cce
    grant execute to mirante_api

function door.ask_for_benchmark(id uuid, metric text, period text) returns SETOF private.benchmark_builds language sql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body f9d2ca678bdfb9d9da20d69f17213636
    grant execute to mirante_api

function door.authenticate(key_hash bytea) returns TABLE(key_id uuid, key_name text, scopes text[], expires_at timestamp with time zone, tenant_id uuid, tenant_kind text, timezone text, locale text, limits jsonb, features jsonb, raw_retention_days integer) language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 53e153b6a6d6bb6f80fcd0712879090e
    grant execute to mirante_api

function door.authenticate_web_session(session_hash bytea, idle interval) returns TABLE(session_id uuid, session_expires_at timestamp with time zone, key_id uuid, key_name text, scopes text[], expires_at timestamp with time zone, tenant_id uuid, tenant_kind text, timezone text, locale text, limits jsonb, features jsonb, raw_retention_days integer, member jsonb, visit jsonb) language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 29eb4b0a2ac1d918727a2eac293d2460
    grant execute to mirante_api

function door.benchmark_answer(of_metric text, of_period text) returns TABLE(metric text, period text, unit text, own double precision, cohort text, size_band text, p25 double precision, p50 double precision, p75 double precision, suppressed text, rules text, minimum integer) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 534428fc001239b617c4e2dc21ff9ee9
    grant execute to mirante_api

function door.benchmark_builds(only_id uuid, before timestamp with time zone, before_id uuid, page_size integer) returns TABLE(id uuid, metric text, period text, status text, requested_at timestamp with time zone, completed_at timestamp with time zone, outcomes jsonb) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 96db16f19f98fc9893799c545961f9ab
    grant execute to mirante_api

function door.benchmarks() returns TABLE(metric text, unit text, description text, class text, least_volume integer, rest_months integer, largest_share numeric, two_largest_share numeric) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body dd7a073352f7a222ebf8930dc668b819
    grant execute to mirante_api

function door.claim_idempotency_key(tenant uuid, idempotency_key text, hash bytea, new_claim uuid) returns TABLE(outcome text, first_at timestamp with time zone, answer json) language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 4649582882c8b2051c03c030330e9414
    grant execute to mirante_api

function door.comments(service_slug text, pattern text, only_rating integer, before_time timestamp with time zone, before_id uuid, page_size integer) returns TABLE(id uuid, received_at timestamp with time zone, rating integer, locale text, comment text, cursor_time text) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 53380cefe3a9bbe892c6e1ae1f26966b
    grant execute to mirante_api

function door.completion(service_slug text, edges timestamp with time zone[], at timestamp with time zone DEFAULT now()) returns TABLE(period integer, starts bigint, completions bigint, cohort_completed bigint, cohort_late bigint, cohort_open bigint) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 7a05629d884d45d3c899e02872f2b67a
    grant execute to mirante_api

function door.create_key(id uuid, tenant uuid, name text, hash bytea, prefix text, scopes text[], expires_at timestamp with time zone) returns void language sql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 77d9c56c764808061d634d6ed2844663
    grant execute to mirante_api

function door.create_login_code(code_hash bytea, key uuid, until timestamp with time zone) returns void language sql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 7e4a3045bb1d26e02e8e49dabb9375ba
    grant execute to mirante_api

function door.create_member(member uuid, key uuid, secret_hash bytea, email text, name text, role text) returns SETOF private.members language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 4246046abc291aec7ceb590a1c997812
    grant execute to mirante_api

function door.create_sql_login(id uuid, tenant uuid, login text, name text, verifier text, connection_limit integer, statement_timeout_seconds integer, expires_at timestamp with time zone) returns integer language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 72fe1ddad6d2a0c2573e92e4ed1773e7
    grant execute to mirante_api

function door.create_tenant(id uuid, slug text, name text, kind text, country text, timezone text, locale text, features jsonb, attributes jsonb, limits jsonb, raw_retention_days integer, embed_origins text[]) returns SETOF private.tenants language sql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body a3567c3dc1e2d5eb76b636f468837fd3
    grant execute to mirante_api

function door.days_under_way(since timestamp with time zone, until timestamp with time zone) returns timestamp with time zone[] language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 4069bda3854c9c6a8b723bdad680bab0
    grant execute to mirante_api

function door.delete_member(member uuid) returns uuid language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 00c3470fa87a7e5f07db4dd70cdb6654
    grant execute to mirante_api

function door.destroy_pseudonym_key() returns TABLE(key_created_at timestamp with time zone, withdrawals_deleted integer) language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body ce3c0af8cea7bd9223f40469ff55e383
    grant execute to mirante_api

function door.drop_sql_login(login_name text) returns boolean language plpgsql volatile owner mirante_owner set search_path=pg_catalog, pg_temp, body 0a03cb1a8b9809b940c21a8fc64e9321

function door.end_blockers(waiting integer) returns SETOF text language sql volatile owner mirante_owner set search_path=pg_catalog, pg_temp, body f6cb84feb2c00d513b93343a4159c36a

function door.end_export(export uuid) returns text language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body e65e947f4b00894e9d6122d94f5b67c7
    grant execute to mirante_api

function door.end_login(login text) returns text language plpgsql volatile security definer owner mirante_logins set search_path=pg_catalog, pg_temp; lock_timeout=5s, body aaa7922763c15a141b91d5633ec27b5f
    grant execute to mirante_owner

function door.end_session(session integer, login text) returns boolean language plpgsql volatile security definer owner mirante_logins set search_path=pg_catalog, pg_temp, body a23b03211dad6f9aa1d3b45091f92f77
    grant execute to mirante_owner

function door.end_sessions(idle interval, grace interval) returns TABLE(login text, tenant uuid, database text, reason text) language sql volatile owner mirante_owner set search_path=pg_catalog, pg_temp, body efcc73d116037a1c44b8c82dc613e61c

function door.end_support() returns bytea[] language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body ec367817e11e3f42129c44b74fcba87a
    grant execute to mirante_api

function door.end_visit(visit uuid) returns bytea[] language sql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body f04abc727a6e0681c3074384c4d7e7b9
    grant execute to mirante_api

function door.end_web_session(session uuid, key uuid) returns bytea language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 56401c58190d1cc2053016727c3650cf
    grant execute to mirante_api

function door.erasures_begun() returns bigint language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 9c735f35d40078cd75c83d33010bbc74
    grant execute to mirante_api

function door.export_mark(since timestamp with time zone, until timestamp with time zone, figures boolean) returns text language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body cf334f5d69a69f80b8a53fb6e242c87d
    grant execute to mirante_api

function door.feedback_form(tenant_slug text, service_slug text) returns TABLE(tenant_id uuid, tenant text, slug text, name text, locales text[], embed_origins text[]) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 85a4e499525c433fe99116416e538baf
    grant execute to mirante_api

function door.find_link(link_hash bytea) returns TABLE(tenant_id uuid, key_id uuid, dashboard text, params jsonb, expires_at timestamp with time zone) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 97a6ddb45a745fdfaf10e9af7ea9a733
    grant execute to mirante_api

function door.heartbeats() returns TABLE(queue text, age_seconds double precision) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 303937d1f9a8230f3ced8126aba245c7
    grant execute to mirante_api

function door.incident(incident uuid) returns SETOF private.incidents language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 16d537ddbe10131c78fe61cce7ef07f5
    grant execute to mirante_api

function door.incidents(before uuid, most integer) returns SETOF private.incidents language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body a425b53ffecb8a4945ea64045ce2190e
    grant execute to mirante_api

function door.ingest_events(keys uuid[], key_numbers integer[], ids uuid[], times timestamp with time zone[], types text[], sources text[], event_ids text[], subjects text[], outcomes text[], durations double precision[], sizes integer[], datas jsonb[], attributes jsonb[], has_rules boolean, versions integer[]) returns TABLE(number integer, status text) language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body ef6e9394c80b1ae6c33160072e05325c
    grant execute to mirante_api

function door.isolation(since timestamp with time zone) returns TABLE(ran_at timestamp with time zone, age_seconds double precision, attempts integer, foreign_rows integer, dead integer, found_since bigint) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body db93854e9a03c2fac668e1206bb20510
    grant execute to mirante_api

function door.journeys_watermark(service_slug text) returns timestamp with time zone language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body ac8f4fce6d47c25a3f37fe067659374b
    grant execute to mirante_api

function door.key_hashes(tenant uuid) returns SETOF bytea language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 2dd17edd0e794e6532217055d21ea96d
    grant execute to mirante_api

function door.keys(tenant uuid, after_id uuid, page_size integer) returns TABLE(id uuid, name text, prefix text, scopes text[], created_at timestamp with time zone, expires_at timestamp with time zone, revoked_at timestamp with time zone, last_used_at timestamp with time zone) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 6257625c84f813482ba8f51c4db182fa
    grant execute to mirante_api

function door.lend_login(login text) returns void language plpgsql volatile security definer owner mirante_logins set search_path=pg_catalog, pg_temp, body c5cbc75a610304cc15c454246fcdd15b
    grant execute to mirante_owner

function door.login_sessions() returns TABLE(pid integer, login text, database text, started timestamp with time zone, state text, state_since timestamp with time zone, statement_since timestamp with time zone, transaction_since timestamp with time zone, has_number boolean, has_advisory_lock boolean) language sql stable security definer owner mirante_logins set search_path=pg_catalog, pg_temp, body 814fdc8dac47cfbc26acf0134df4b1ec
    grant execute to mirante_owner

function door.make_login(login text, verifier text, connection_limit integer, statement_timeout_seconds integer, expires_at timestamp with time zone) returns void language plpgsql volatile security definer owner mirante_logins set search_path=pg_catalog, pg_temp, body eaaeb859c4b1aa141f51544f876f885a
    grant execute to mirante_owner

function door.mark_replayed(ids uuid[]) returns void language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 7333de36da25a6afc475c6b7de711828
    grant execute to mirante_api

function door.members_by_email(address text) returns TABLE(id uuid, tenant_id uuid, key_id uuid, tenant_name text, locale text) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 37edc3c8158c8b99d056da123104e8fd
    grant execute to mirante_api

function door.metabase_dashboard(wanted text) returns integer language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 75da6f00038dddc4deaa1b5e48e208c2
    grant execute to mirante_api

function door.note_download(export uuid, file text) returns void language sql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body b55eaf03ae40bcb6dcce93f665f34a08
    grant execute to mirante_api

function door.note_import_read(import uuid) returns void language sql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 598ddee51bfdfcbf3b32575e16f1f1c5
    grant execute to mirante_api

function door.note_opened(dashboard text, surface text) returns void language sql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 2b3a05873f546ad2d5e8b7cfad8a9f16
    grant execute to mirante_api

function door.note_refused_login(from_address text) returns void language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 1745a5b2926daaaea4e00ca63ac529a8
    grant execute to mirante_api

function door.note_used(feature text) returns void language sql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 3a893ce642524b8b734ce50a097af1d7
    grant execute to mirante_api

function door.offboard_tenant(tenant uuid) returns SETOF private.offboardings language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 2abddadcfeb051f6572f466d5f93d472
    grant execute to mirante_api

function door.offboarding(tenant uuid) returns SETOF private.offboardings language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body b665274c88901ebed5669fb5d3312b92
    grant execute to mirante_api

function door.open_privacy_requests() returns TABLE(open bigint, seconds_left double precision) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body aca50976f31191711939fb7f980fad67
    grant execute to mirante_api

function door.operations(new_tenant_id uuid, new_key_id uuid) returns TABLE(tenant_id uuid, telemetry_key_id uuid) language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 1644fbfec59e2e1b22a171dc22c85d13
    grant execute to mirante_api

function door.privacy_version() returns bigint language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body d50c66d62ecc0edf41aef212941e6e04
    grant execute to mirante_api

function door.pseudonym_key() returns bytea language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body fecee8bfbfb1ecfd731e77079041077d
    grant execute to mirante_api

function door.publish_report(report uuid) returns SETOF private.performance_reports language sql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body aacedc4649aca4b134ca707e586fd73a
    grant execute to mirante_api

function door.published_reports(tenant_slug text, service_slug text) returns TABLE(tenant text, tenant_name text, country text, service text, service_name text, locales text[], period text, revision integer, published_at timestamp with time zone, completed_at timestamp with time zone, measures jsonb, method jsonb, missing jsonb, changes jsonb) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body a71ee0341d5456c983d00e24d892282d
    grant execute to mirante_api

function door.published_services() returns TABLE(tenant text, tenant_name text, country text, service text, service_name text, locales text[], first_period text, last_period text, issued timestamp with time zone, modified timestamp with time zone) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 824d34b547cbb5c5d481c129cf0a10ec
    grant execute to mirante_api

function door.quarantine(keys uuid[], ids uuid[], received timestamp with time zone[], statuses text[], codes text[], details text[], pointers text[], types text[], raws bytea[]) returns void language sql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body e1b5a980293488aa9f85122884d555a0
    grant execute to mirante_api

function door.raw_since() returns timestamp with time zone language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 4e3adbdb8cf973c1732bd3c41a41c5d8
    grant execute to mirante_api

function door.receipts_so_far() returns TABLE(at timestamp with time zone, storing text[]) language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 1ba86a6620b400a3723bca82fb96b18d
    grant execute to mirante_api

function door.receive() returns timestamp with time zone language plpgsql volatile owner mirante_owner set search_path=pg_catalog, pg_temp, body 5bf316f80265ad8fd74c4d20b406e60f

function door.record_access(keys uuid[], addresses inet[], firsts timestamp with time zone[], lasts timestamp with time zone[], counts bigint[], viewers boolean[]) returns void language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 5cd5dd83e28f73cd3497e6b118d5bafb
    grant execute to mirante_api

function door.redact_comment(service_slug text, feedback_id uuid) returns boolean language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body e98d302737530efe564ff7211b0b4024
    grant execute to mirante_api

function door.remove_archive_rule(rule uuid) returns boolean language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 280ff5fec42495ae251e78c02eed8f9d
    grant execute to mirante_api

function door.revoke_key(tenant uuid, key uuid) returns bytea language sql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 382cdef343023467f1a7738b781d4764
    grant execute to mirante_api

function door.revoke_sql_login(tenant uuid, login_id uuid) returns boolean language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body d5db68da7abcfe5522c3ee11c74a4d5f
    grant execute to mirante_api

function door.rollup_since(rollup text) returns timestamp with time zone language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body c6108df2fcbc6f756266d81870c24c3f
    grant execute to mirante_api

function door.satisfaction(service_slug text, edges timestamp with time zone[]) returns TABLE(period integer, n1 bigint, n2 bigint, n3 bigint, n4 bigint, n5 bigint) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body b91e2a6181b95d725ea2cac525275fbb
    grant execute to mirante_api

function door.save_incident(incident uuid, given jsonb, is_new boolean) returns SETOF private.incidents language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body c98034098ef2adebbed98dc924c6f6fe
    grant execute to mirante_api

function door.session_limits() returns TABLE(of_tenant integer, of_all integer) language sql stable owner mirante_owner set search_path=pg_catalog, pg_temp, body c5ef65502875d725089a75393c94e510

function door.set_archive_rule(tenant uuid, event_type text, tier text, keep_days integer) returns SETOF private.archive_rules language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 18962b48ffecea4089bb938bfe3e9daf
    grant execute to mirante_api

function door.settle() returns timestamp with time zone language sql volatile owner mirante_owner set search_path=pg_catalog, pg_temp, body fd5d761198ae5bb1a8cf90b2a8df3d56

function door.settle_idempotency_key(tenant uuid, idempotency_key text, my_claim uuid, answer json, nothing_done boolean) returns void language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body bf8df605f4ac89a05e66c6077c8a348e
    grant execute to mirante_api

function door.settle_privacy_review(review uuid, verdict text, seen bytea, rest bytea) returns boolean language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body ae6822fc6d52d9e53f30030fa38b9dc7
    grant execute to mirante_api

function door.settle_test_results(document uuid, lease uuid, students text[], tests text[], availables integer[], obtaineds integer[], times timestamp with time zone[], outcome text, reader text, reader_version integer, noted jsonb) returns bigint language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 87fab784ab694bd84a0a53699f2f3759
    grant execute to mirante_api

function door.shut_login(login text) returns boolean language plpgsql volatile security definer owner mirante_logins set search_path=pg_catalog, pg_temp; lock_timeout=1s, body ef8a7f4471d569f6fd3f94568da284af
    grant execute to mirante_owner

function door.sign_grant(until timestamp with time zone) returns text language plpgsql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 14f10dc15e236b86af0be358ab68f899
    grant execute to mirante_api

function door.sql_logins(tenant uuid, after_id uuid, page_size integer) returns SETOF private.sql_logins language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body ca3d6867559ef865de4ae85e58ca8c82
    grant execute to mirante_api

function door.start_visit(visit uuid, key uuid, secret_hash bytea, by_key uuid, reason text, until timestamp with time zone) returns SETOF private.support_visits language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 6aacd9bfdf29823f24140598a1fe0475
    grant execute to mirante_api

function door.start_web_session(session uuid, key uuid, session_hash bytea, from_address inet, from_agent text, until timestamp with time zone, idle interval) returns void language sql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 6675da93016e14c5075adf0e76500180
    grant execute to mirante_api

function door.tenant_of_key(tenant uuid, key uuid) returns SETOF private.tenants language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 4def7cc1dfd17583b91c6d1bd6289b9b
    grant execute to mirante_api

function door.tenants(only_id uuid, after_id uuid, page_size integer) returns SETOF private.tenants language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body c0c4dc7be1b1e906a13cdf0d131a51e3
    grant execute to mirante_api

function door.unsettled() returns SETOF text language sql volatile owner mirante_owner set search_path=pg_catalog, pg_temp, body 2aa72093c39955c2adbd9350e4d476c3

function door.update_member(member uuid, change jsonb) returns SETOF private.members language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body be441f906cd164910f3172e8c1611cad
    grant execute to mirante_api

function door.update_tenant(tenant uuid, change jsonb) returns SETOF private.tenants language sql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body fe5beb6e64d790e646a10f4fd0b4ae1e
    grant execute to mirante_api

function door.use_login_code(code_hash bytea) returns TABLE(tenant_id uuid, key_id uuid, is_visit boolean) language sql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body c465bbbad30ecf039b7c080062cc7e22
    grant execute to mirante_api

function door.watermark(figures text DEFAULT NULL::text) returns timestamp with time zone language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 0b03e6e9489c8f083378db9da55c8f60
    grant execute to mirante_api

function door.web_sessions(key uuid, idle interval) returns TABLE(id uuid, address text, agent text, created_at timestamp with time zone, seen_at timestamp with time zone, expires_at timestamp with time zone) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 12ad2ed2d7bd1c67ba318d23038a0139
    grant execute to mirante_api

function door.withdraw_report(report uuid) returns SETOF private.performance_reports language sql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body fdcfb32e1182c601e31fdf59c163b66c
    grant execute to mirante_api

function door.withdrawal_key() returns bytea language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 0c289b858796e1cd10411fbf67d1fc86
    grant execute to mirante_api

function ops.activity(since timestamp with time zone, until timestamp with time zone, width text) returns TABLE(bucket timestamp with time zone, tenant text, kind text, events bigint, failures bigint, bytes bigint) language plpgsql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp; enable_seqscan=off; enable_indexscan=off; plan_cache_mode=force_custom_plan, body 70750ad613757afe9f4ec3c3bc44dca2
    grant execute to mirante_ops

function ops.alert_deliveries(since timestamp with time zone, until timestamp with time zone, width text) returns TABLE(bucket timestamp with time zone, kind text, status text, deliveries bigint, attempts bigint, oldest_seconds double precision) language plpgsql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body 49a41922777fb7d11634bc0ce8cc6995
    grant execute to mirante_ops

function ops.alert_rules() returns TABLE(state text, rules bigint, tenants bigint) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 57685bef07989cdf13b95e7434f77cdd
    grant execute to mirante_ops

function ops.bad_shares(spans interval[], taken bigint[], bad bigint[]) returns TABLE(spent double precision, bad_5m double precision, bad_30m double precision, bad_1h double precision, bad_6h double precision, bad_3d double precision) language sql immutable owner mirante_owner set search_path=pg_catalog, pg_temp, body a2f25c5005af0d1048fb48fcc4d71e2b
    grant execute to mirante_ops

function ops.dashboard_routes() returns text[] language sql immutable owner mirante_owner set search_path=pg_catalog, pg_temp, body df2a6859aa1eea46a62e121189a0782e
    grant execute to mirante_ops

function ops.dashboard_shares(slowest_ms double precision) returns TABLE(span interval, taken bigint, bad bigint) language plpgsql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body 34663573c23418ce49927858ac866f33
    grant execute to mirante_ops

function ops.data_quality(since timestamp with time zone, until timestamp with time zone) returns TABLE(tenant text, day date, score numeric, failing text, warning text, checked_at timestamp with time zone) language plpgsql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body 8fc527bd86a50bb56797f80859abbc09
    grant execute to mirante_ops

function ops.feature_uses(since timestamp with time zone, until timestamp with time zone, width text) returns TABLE(bucket timestamp with time zone, tenant text, feature text, uses bigint) language plpgsql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body 40b5acdb0de9996f1a2694849bc4a4f3
    grant execute to mirante_ops

function ops.features(since timestamp with time zone, until timestamp with time zone) returns TABLE(feature text, customers bigint, switched_on bigint, used_by bigint) language plpgsql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body 4125f104dbfbe12cc7c6be8c7ee01a05
    grant execute to mirante_ops

function ops.ingest(since timestamp with time zone, until timestamp with time zone, width text) returns TABLE(bucket timestamp with time zone, kind text, events bigint, bytes bigint, per_second double precision) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 3e2a620490c100c00647041910a594d0
    grant execute to mirante_ops

function ops.insights(since timestamp with time zone, until timestamp with time zone, width text) returns TABLE(bucket timestamp with time zone, tenant text, kind text, uses bigint) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 5c871f9e9c6455b13124e8a3bdd51d82
    grant execute to mirante_ops

function ops.latency(since timestamp with time zone, until timestamp with time zone, width text, VARIADIC only_routes text[] DEFAULT NULL::text[]) returns TABLE(bucket timestamp with time zone, requests bigint, p50 double precision, p95 double precision, p99 double precision) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body ef3a3cc50b797192d7d5a8e33a91e8ab
    grant execute to mirante_ops

function ops.latency_bands(since timestamp with time zone, until timestamp with time zone, width text, VARIADIC only_routes text[] DEFAULT NULL::text[]) returns TABLE(bucket timestamp with time zone, band text, requests bigint) language plpgsql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body 349a5e668086733ac46bbdcb1bd523fc
    grant execute to mirante_ops

function ops.measure_holdings() returns TABLE(name text, measured double precision) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp; enable_seqscan=off; enable_indexscan=off, body 7fc9b920150d4d83a539c46a12a7d61b
    grant execute to mirante_ops

function ops.measure_service() returns TABLE(name text, measured double precision, measured_at timestamp with time zone, spent double precision, bad_5m double precision, bad_30m double precision, bad_1h double precision, bad_6h double precision, bad_3d double precision) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 32b1285d74a96d27a5f9340bede2c4f8
    grant execute to mirante_ops

function ops.month_start(at timestamp with time zone) returns timestamp with time zone language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 56bb571561a4a4949fb8f02385c0f828
    grant execute to mirante_ops

function ops.opens(since timestamp with time zone, until timestamp with time zone, width text) returns TABLE(bucket timestamp with time zone, tenant text, dashboard text, surface text, opens bigint) language plpgsql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body 1ab0a2408cba9062bdcdecd1a13edc4d
    grant execute to mirante_ops

function ops.own_tenant() returns uuid language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body c2dc453a70430afc251caf7aebd8ff21
    grant execute to mirante_ops

function ops.probe_shares(probes text[], slowest_ms double precision) returns TABLE(span interval, taken bigint, bad bigint) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 1df03f46a7f6862af06a8fa0978ff277
    grant execute to mirante_ops

function ops.probes(since timestamp with time zone, until timestamp with time zone, width text) returns TABLE(bucket timestamp with time zone, probe text, taken bigint, failed bigint, p50 double precision, p95 double precision) language plpgsql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body d6fd7ab1c63becfa4f5a2fb9c019a5cf
    grant execute to mirante_ops

function ops.promises() returns TABLE(name text, unit text, target double precision, comparison text, time_window text, budget double precision) language sql immutable owner mirante_owner set search_path=pg_catalog, pg_temp, body dac0dd3905d9a77db59e175927ef386b
    grant execute to mirante_ops

function ops.quarantined(since timestamp with time zone, until timestamp with time zone, width text) returns TABLE(bucket timestamp with time zone, status text, code text, refused bigint, waiting bigint) language plpgsql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body 8c9463d5e01a94116ab843f401f59c0d
    grant execute to mirante_ops

function ops.reconciliation() returns TABLE(tenant text, ran_at timestamp with time zone, hours bigint, receipts bigint, raw bigint, rolled_up bigint, quarantined bigint, differences bigint, first_difference jsonb) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 261b5910bfb8f362d1f2760799235211
    grant execute to mirante_ops

function ops.refresh_lag() returns TABLE(watermark timestamp with time zone, lag_seconds double precision, waiting_hours bigint, oldest_hour timestamp with time zone, materialised_to timestamp with time zone) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body b4645b885ed318340d5201976a1ced6e
    grant execute to mirante_ops

function ops.request_bins(since timestamp with time zone, until timestamp with time zone, width text) returns TABLE(bucket timestamp with time zone, route text, bin smallint, requests numeric) language plpgsql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body 393cb7c75fb3b3c44c7f6877e106a8ca
    grant execute to mirante_ops

function ops.request_percentiles(since timestamp with time zone, until timestamp with time zone, width text, only_routes text[], by_route boolean) returns TABLE(bucket timestamp with time zone, route text, requests bigint, p50 double precision, p95 double precision, p99 double precision) language plpgsql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body 34c97c918696b95ed5a304e31b07f746
    grant execute to mirante_ops

function ops.requests(since timestamp with time zone, until timestamp with time zone, width text) returns TABLE(bucket timestamp with time zone, route text, requests bigint, failures bigint) language plpgsql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body fd14ed35dd2e11e22bd0aae366dc0d2a
    grant execute to mirante_ops

function ops.route_latency(since timestamp with time zone, until timestamp with time zone, width text) returns TABLE(bucket timestamp with time zone, route text, requests bigint, p50 double precision, p95 double precision, p99 double precision) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 2edf0df6717d1b7ba528fe2ca635b0dc
    grant execute to mirante_ops

function ops.seconds_of(bucket timestamp with time zone, width text, since timestamp with time zone, until timestamp with time zone, zone text) returns double precision language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 442312dfddb9c3450c7d37eae859401a
    grant execute to mirante_ops

function ops.storage() returns TABLE(relation text, kind text, bytes bigint, events bigint, parts bigint, row_bytes bigint, column_bytes bigint, retained_from timestamp with time zone) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp; enable_seqscan=off; enable_indexscan=off, body c41c6868fc0f61a1f1b4e45e3bcde772
    grant execute to mirante_ops

function ops.storage_cost() returns TABLE(events bigint, raw_bytes_per_event double precision, rollup_bytes_per_event double precision, usd double precision) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp; enable_seqscan=off; enable_indexscan=off, body 91fc46578603c1a4c81483a092cd320a
    grant execute to mirante_ops

function ops.tenant_usage(since timestamp with time zone, until timestamp with time zone) returns TABLE(tenant text, name text, kind text, country text, events bigint, failures bigint, bytes bigint, last_hour timestamp with time zone, refused bigint, requests bigint, keys bigint, sql_logins bigint, events_30_days bigint, events_per_month bigint, created_at timestamp with time zone) language plpgsql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp; enable_seqscan=off; enable_indexscan=off; plan_cache_mode=force_custom_plan, body 61cba7aa6878ffb29997bb619bb8342b
    grant execute to mirante_ops

function ops.usage() returns TABLE(dashboard_opens bigint, dashboard_tenants bigint, benchmark_reads bigint, benchmark_tenants bigint, benchmark_tenants_share double precision, insights bigint, insight_growth double precision) language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body cf4ade902531e6c644d7df63094f0f98
    grant execute to mirante_ops

function ops.zone() returns text language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body b0c56882de97ff22ad3bd4df12120149
    grant execute to mirante_ops

function private.add_test_scans(tenant uuid, document uuid, first_number integer, students text[], tests text[], availables integer[], obtaineds integer[], times timestamp with time zone[], new_policy text) returns bigint language plpgsql volatile owner mirante_owner set search_path=pg_catalog, pg_temp, body 74cd6066dc87370ab71e872ce4543cb5

function private.append_audit(about uuid, action text, target text, details jsonb, actor jsonb DEFAULT NULL::jsonb) returns void language plpgsql volatile owner mirante_owner set search_path=pg_catalog, pg_temp, body 5e18a127cb2106ddfb88718c00d3ab65

function private.archive_keep_days(tenant uuid, event_type text) returns integer language sql stable owner mirante_owner set search_path=pg_catalog, pg_temp, body 1975142dc5ada6a61e25327e6e596137

function private.ask_for_due_benchmarks() returns void language sql volatile owner mirante_owner set search_path=pg_catalog, pg_temp, body 0f7fad2b9893ce67d4981b23562fd597

function private.audit_archive_rule() returns trigger language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 1505d8518e6923e7551d63b891984f9d

function private.audit_change() returns trigger language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp; TimeZone=UTC, body 5f5d6d8d40574bdcf7780a91e13f9431

function private.audit_filter(key text, value jsonb) returns jsonb language sql immutable owner mirante_owner set search_path=pg_catalog, pg_temp, body db4172ced51a07def73bc1b747ec6b87

function private.audit_incident() returns trigger language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body b701f6da24c158f42371cefd6fd3f6e5

function private.audit_value(value jsonb) returns jsonb language sql immutable owner mirante_owner set search_path=pg_catalog, pg_temp, body 69652b0631297d92e85043c8b31a26b5

function private.benchmark_answers(of_metric text, of_periods text[]) returns TABLE(metric text, period text, unit text, own double precision, cohort text, size_band text, p25 double precision, p50 double precision, p75 double precision, suppressed text, rules text, minimum integer) language plpgsql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body e2fd76b85504df8d70a90f615d858715
    grant execute to mirante_views

function private.benchmark_cell(figure double precision, unit text) returns double precision language sql immutable strict owner mirante_owner, body 33795afe7cf55b010f67762852a76d0e

function private.benchmark_figures(of_metric text, of_periods text[], only_tenant uuid DEFAULT NULL::uuid) returns TABLE(period text, unit text, cohort text, figure double precision, volume double precision) language plpgsql stable owner mirante_owner set search_path=pg_catalog, pg_temp, body 0bf2c1798a43b154301669e088be1b3b

function private.benchmark_lags(of_metric text, of_period text) returns boolean language sql stable owner mirante_owner set search_path=pg_catalog, pg_temp, body af040dd4c766e89ba1ddc423fcd254ef

function private.benchmark_member(unit text) returns bytea language sql stable owner mirante_owner set search_path=pg_catalog, pg_temp, body 39c2c26d5b7936226d16cc510a452471

function private.benchmark_period(period text, OUT since timestamp with time zone, OUT until timestamp with time zone) returns record language plpgsql stable owner mirante_owner set search_path=pg_catalog, pg_temp, body 3caa10667dee725af4a21b94cdce8334
    grant execute to mirante_views

function private.best_results(tenant uuid, document uuid, first_number integer, tests text[]) returns SETOF private.student_test_results language plpgsql stable owner mirante_owner set search_path=pg_catalog, pg_temp; plan_cache_mode=force_custom_plan, body 89ee4a15be840b5b2c02050533ef42c3

function private.better_result(held private.student_test_results, newcomer private.student_test_results, is_max_each boolean) returns private.student_test_results language sql stable owner mirante_owner, body f8084580cbb71f7c0f05c295c0564dbb

function private.build_benchmark(build_id uuid, k integer) returns void language plpgsql volatile owner mirante_owner set search_path=pg_catalog, pg_temp, body 223c2ca36923c0a884f2d06893281994

function private.business_days_after(moment timestamp with time zone, days integer) returns timestamp with time zone language sql stable owner mirante_owner set search_path=pg_catalog, pg_temp, body 5ec26f329fcebb8e66542311ba472ddd

function private.completion(tenant uuid, service_slug text, edges timestamp with time zone[], at timestamp with time zone DEFAULT now()) returns TABLE(period integer, starts bigint, completions bigint, cohort_completed bigint, cohort_late bigint, cohort_open bigint) language sql stable owner mirante_owner set search_path=pg_catalog, pg_temp, body 11c9b34743a9bc7dc0da4a5723a15b21

function private.current_tenant() returns uuid language plpgsql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 5025cab43461e7086b7ff947a098dd28
    grant execute to mirante_api
    grant execute to mirante_sql
    grant execute to mirante_views

function private.end_visits(visits uuid[]) returns bytea[] language plpgsql volatile owner mirante_owner set search_path=pg_catalog, pg_temp, body 81f4e5a21768a6412f87f15be138ccea

function private.form_benchmark_blocks(of_metric text, k integer, present bytea[], cohorts text[]) returns void language sql volatile owner mirante_owner set search_path=pg_catalog, pg_temp, body d2718796d9b70f8bd0ea82e24d526cf6

function private.hmac(inner_pad bytea, outer_pad bytea, message text) returns bytea language sql immutable strict owner mirante_owner, body 94008f7e59685711f3e2c75d39f6d01d
    grant execute to public

function private.hold_tests(tenant uuid, tests text[], other_policy text) returns void language plpgsql volatile owner mirante_owner set search_path=pg_catalog, pg_temp, body 3fc494e2acf2d86afbff28c902aad5bb

function private.is_visit_open(visit_key uuid) returns boolean language sql stable owner mirante_owner set search_path=pg_catalog, pg_temp, body fcdc8651d33121cd7fe29e39fda36bbe

function private.journeys_watermark(tenant uuid, service_slug text) returns timestamp with time zone language sql stable owner mirante_owner set search_path=pg_catalog, pg_temp, body f044ba4d6ce32461a24ffe5d0d3b020d

function private.judge_benchmark(declared private.benchmarks, k integer, eligible bigint, figures double precision[], volumes double precision[]) returns private.benchmark_snapshots language plpgsql stable owner mirante_owner set search_path=pg_catalog, pg_temp, body 041a993f9c7e0d4932fabaab6967c9ee

function private.judge_benchmarks(build private.benchmark_builds, k integer, members bytea[], cohorts text[], figures double precision[], volumes double precision[]) returns void language plpgsql volatile owner mirante_owner set search_path=pg_catalog, pg_temp, body 96ecab8b5f29952b1144e983b053d123

function private.judge_tests(tenant uuid, tests text[]) returns void language plpgsql volatile owner mirante_owner set search_path=pg_catalog, pg_temp, body d36c66c7a641960222be5cb8e3d96033

function private.keep_incident() returns trigger language plpgsql volatile owner mirante_owner set search_path=pg_catalog, pg_temp, body b458fbdc4f97a922587ebfa5cfb92f67

function private.key_mark(key bytea) returns text language sql immutable strict owner mirante_owner, body 222130ce13087ad361ac17de9bd557e5

function private.latency_bin(duration_ms double precision) returns smallint language sql immutable strict owner mirante_owner, body 4cece8e489e18ba786977bdaabee643e
    grant execute to mirante_api
    grant execute to mirante_sql
    grant execute to mirante_views
    grant execute to public

function private.latency_estimate(bin smallint) returns double precision language sql immutable owner mirante_owner, body 72dd0642bcd296a24e820c3964f21810
    grant execute to mirante_api
    grant execute to mirante_views

function private.latest_benchmark(of_metric text, before timestamp with time zone) returns text language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body cebad85acb51b0469520a55ea734a41c
    grant execute to mirante_views

function private.legal_terms() returns TABLE(tenant_id uuid, id uuid, kind text, due_at timestamp with time zone, attempts integer, level integer, alerted integer) language sql stable owner mirante_owner set search_path=pg_catalog, pg_temp, body 73e734d989006be718ab15fd1f1ea669

function private.make_benchmark_secret() returns void language sql volatile owner mirante_owner set search_path=pg_catalog, pg_temp, body 18e63c9e3b41b3d97dc5d073c5b634a2

function private.newcomers(keys uuid[], addresses inet[], firsts timestamp with time zone[]) returns jsonb language sql stable owner mirante_owner set search_path=pg_catalog, pg_temp, body 775b3e7fa616bc7dfc9a195793fe66cb

function private.note_in_ledger() returns trigger language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 540315df458fb2decb9b3dc5c246011b

function private.open_grant(tenant_grant text) returns text language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body d08703fd32ab7bc491c601d83dd1c609
    grant execute to mirante_views

function private.own_archive_keep_days(event_type text) returns integer language sql stable security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body 0b7e2c15b75c2fd06212fd3db8cb240d
    grant execute to mirante_api

function private.part_benchmark_blocks(of_metric text, k integer, present bytea[]) returns void language sql volatile owner mirante_owner set search_path=pg_catalog, pg_temp, body 4d93cef0d6eba9b5e8eb58919ff4a876

function private.promised_types() returns TABLE(tenant_id uuid, type text, days integer) language sql stable owner mirante_owner set search_path=pg_catalog, pg_temp, body 3b45a349facdde9599c1de2e2dc9a206

function private.publish_report(tenant uuid, report uuid, at timestamp with time zone) returns SETOF private.performance_reports language plpgsql volatile owner mirante_owner set search_path=pg_catalog, pg_temp, body 87689530d567e43cab513c5f004f2a16

function private.raise_privacy_version() returns trigger language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body de49b6969ec6456417dcd03c1a7c2dd3

function private.reaches_percentile(reached double precision, total double precision, percentile double precision) returns boolean language sql immutable owner mirante_owner, body caa652bd0f0df5e4da417ba4920e38ca
    grant execute to mirante_api
    grant execute to mirante_views

function private.read_corrections(since timestamp with time zone, until timestamp with time zone, days timestamp with time zone[]) returns TABLE(tenant_id uuid, bucket timestamp with time zone, marketplace text, rule text, corrections numeric, rows numeric) language sql stable owner mirante_owner, body 1ff87ba5624a9a5e2d6becf9e5454148

function private.read_events(since timestamp with time zone, until timestamp with time zone, days timestamp with time zone[]) returns TABLE(tenant_id uuid, bucket timestamp with time zone, type text, outcome text, route text, events numeric, bytes numeric) language sql stable owner mirante_owner, body fe444b855b4d37be945d767f7ce75850

function private.read_latency(since timestamp with time zone, until timestamp with time zone, days timestamp with time zone[]) returns TABLE(tenant_id uuid, bucket timestamp with time zone, type text, route text, bin smallint, events numeric) language sql stable owner mirante_owner, body 7bfef56a491d98a1e904081cd39603ed

function private.read_rules(since timestamp with time zone, until timestamp with time zone, days timestamp with time zone[]) returns TABLE(tenant_id uuid, bucket timestamp with time zone, marketplace text, rule text, hits numeric, validations numeric) language sql stable owner mirante_owner, body 2446c81dde048322ed953f1e748347df

function private.read_validations(since timestamp with time zone, until timestamp with time zone, days timestamp with time zone[]) returns TABLE(tenant_id uuid, bucket timestamp with time zone, marketplace text, outcome text, validations numeric, rows numeric, errors numeric, warnings numeric) language sql stable owner mirante_owner, body a63814409fb8fbb83f291126abcb4292

function private.refuse_change() returns trigger language plpgsql volatile owner mirante_owner set search_path=pg_catalog, pg_temp, body d9a45d4f56a9509d4819dab80d47aa3c
    grant execute to public

function private.rotate_grant_secret() returns text language plpgsql volatile owner mirante_owner, body 0409ff78c7ce412e28da14966e90bb8d

function private.round_benchmark(figure double precision, unit text) returns double precision language sql immutable strict owner mirante_owner, body b149618f0c09db2548822fc830729cc0

function private.sane_count(value jsonb) returns bigint language sql immutable owner mirante_owner, body f28d84b0a641698450323b25c75672f0
    grant execute to mirante_api
    grant execute to mirante_sql
    grant execute to mirante_views
    grant execute to public

function private.satisfaction(tenant uuid, service_slug text, edges timestamp with time zone[]) returns TABLE(period integer, n1 bigint, n2 bigint, n3 bigint, n4 bigint, n5 bigint) language sql stable owner mirante_owner set search_path=pg_catalog, pg_temp, body fbbc9870f98da8db8441f6bbbe15d814

function private.scopes_of_role(role text) returns text[] language sql immutable owner mirante_owner set search_path=pg_catalog, pg_temp, body 4d4507385eca24dc19dc67d4da53d3dc

function private.silence_audit(tenant_grant text) returns void language plpgsql volatile security definer owner mirante_owner set search_path=pg_catalog, pg_temp, body bcfd5df8493282485ced9737ca698fa5
    grant execute to mirante_views

function private.term_level(began timestamp with time zone, due timestamp with time zone) returns integer language sql stable owner mirante_owner set search_path=pg_catalog, pg_temp, body dad05ff1af918d930f266cd84263bcdb

function private.whole_benchmark_blocks(of_metric text, k integer, present bytea[]) returns TABLE(member bytea, cohort text, coarse boolean) language sql stable owner mirante_owner set search_path=pg_catalog, pg_temp, body 1792908f7cd5933f69fd16fc0190b13f

function storage.adopt_rollup_rows(name text) returns void language sql volatile owner mirante_owner, body 0ae740db5f3026cbfdff397bc63233ac
    grant execute to public

function storage.bucket_of(at timestamp with time zone, starts timestamp with time zone[]) returns timestamp with time zone language sql immutable owner mirante_owner, body cbb0c0d237ef2cc0d994f7c7a3842f20
    grant execute to public

function storage.drop_before(name text, cutoff timestamp with time zone) returns integer language plpgsql volatile owner mirante_owner set lock_timeout=250ms, body d7fb0a86e9a9c797268e5ec9342387b5
    grant execute to public

function storage.drop_boundary(name text, cutoff timestamp with time zone) returns timestamp with time zone language sql stable owner mirante_owner, body 25148ab2d91aa55c46897b75ecf33414
    grant execute to public

function storage.drop_rollup_before(name text, cutoff timestamp with time zone) returns integer language plpgsql volatile owner mirante_owner, body 6efd2a11ef6b37b1bbe8c0514082b527
    grant execute to public

function storage.end_jobs(login text) returns void language sql volatile owner mirante_owner, body 0ae740db5f3026cbfdff397bc63233ac
    grant execute to public

function storage.erase_rollup_tenant(name text, tenant uuid) returns bigint language plpgsql volatile owner mirante_owner, body f25ee15cd739ac8fdf85c38656c9c91f
    grant execute to public

function storage.first_instant(day timestamp without time zone, zone text) returns timestamp with time zone language sql stable owner mirante_owner, body 2b8533f7382e693930d5bbff4a371768
    grant execute to public

function storage.first_whole_bucket(rollup text) returns timestamp with time zone language sql stable owner mirante_owner set search_path=storage, public, pg_temp, body 795979d665154ec38e7b3c0936c3f4ff
    grant execute to public

function storage.has_tenants(name text) returns boolean language sql stable owner mirante_owner, body 27f8c6dfc36595eaa130ec5364b35aef
    grant execute to public

function storage.hide_statistics() returns integer language plpgsql volatile owner mirante_owner set lock_timeout=5s, body 586f9a56e5d905c0b5f16849c8b75dd4
    grant execute to public

function storage.hold_before(name text, cutoff timestamp with time zone) returns void language plpgsql volatile owner mirante_owner set lock_timeout=250ms, body fc1d1ac7b48540c038b3b6a544c8de0c
    grant execute to public

function storage.hypertable_bytes(name text) returns bigint language sql stable owner mirante_owner, body ebb8fd38f98f030b07de63840dd25d1f
    grant execute to public

function storage.key_rollup(name text, dims integer) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp, body a6c1c3be01d874d2bff60db11633885f
    grant execute to public

function storage.make_hypertable(name text, time_column text, chunk_width interval) returns void language plpgsql volatile owner mirante_owner, body d4dad18db40f77fb58a45c0a4dbd3abe
    grant execute to public

function storage.make_partitions(name text, since timestamp with time zone, until timestamp with time zone) returns integer language plpgsql volatile owner mirante_owner set lock_timeout=5s, body d44f42ef647f70faf51ed4a6bf5cc298
    grant execute to public

function storage.make_reader(schema text, noun text) returns void language plpgsql volatile owner mirante_owner, body 8bcbfd52b17c7557173a8953d7fb3aab
    grant execute to public

function storage.make_readers(schema text) returns void language sql volatile owner mirante_owner, body df34e3eda69addcbf0c9a8f859595d04
    grant execute to public

function storage.make_refresh(name text, source text, time_column text, width interval, dims text[], measures text[], filter text) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp, body 41f29cc92cfc0e725c34c7be17221b23
    grant execute to public

function storage.make_rollup(name text, source text, time_column text, width interval, dims text[], measures text[], filter text) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp, body 3c82396864d2094c119dd96c05dbe418
    grant execute to public

function storage.partitions(name text) returns TABLE(part regclass, ends timestamp with time zone) language sql stable owner mirante_owner, body eb935748171d6ccf0d7d29ca03707482
    grant execute to public

function storage.parts(name text) returns TABLE(parts bigint, row_bytes bigint, column_bytes bigint) language sql stable owner mirante_owner, body 294402b297eb22baa9af8a1f639aca4f
    grant execute to public

function storage.protect(relation text) returns void language plpgsql volatile owner mirante_owner, body 9f40c98ac0536a07fb017416b416551f
    grant execute to public

function storage.refresh_corrections_daily(since timestamp with time zone, until timestamp with time zone) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp, body 08547132c4b33b9738b789e75007e42b
    grant execute to public

function storage.refresh_corrections_hourly(since timestamp with time zone, until timestamp with time zone) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp, body b1d8da80ae2af64d2dbd40ae3098c72b
    grant execute to public

function storage.refresh_events_daily(since timestamp with time zone, until timestamp with time zone) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp, body a861edefbb27a558fd91aee135dfcf95
    grant execute to public

function storage.refresh_events_hourly(since timestamp with time zone, until timestamp with time zone) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp, body 523683ef1ab28b955a740a2141570b23
    grant execute to public

function storage.refresh_latency_daily(since timestamp with time zone, until timestamp with time zone) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp, body 960b2e3f2fd564bb7dc6b0158ff5754a
    grant execute to public

function storage.refresh_latency_hourly(since timestamp with time zone, until timestamp with time zone) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp, body 7da25d510e240732ac7abca33b2b296e
    grant execute to public

function storage.refresh_parts_of_corrections_daily(tenants uuid[], sinces timestamp with time zone[], untils timestamp with time zone[]) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp; enable_hashjoin=off; enable_mergejoin=off, body 0b4bfd8535d915e2cc5713b5720ef445
    grant execute to public

function storage.refresh_parts_of_corrections_hourly(tenants uuid[], sinces timestamp with time zone[], untils timestamp with time zone[]) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp; enable_hashjoin=off; enable_mergejoin=off, body 69b02f841d3a8c162ff1deb3a64e77ba
    grant execute to public

function storage.refresh_parts_of_events_daily(tenants uuid[], sinces timestamp with time zone[], untils timestamp with time zone[]) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp; enable_hashjoin=off; enable_mergejoin=off, body 6f87deeaa10b8f4b92bf888b88906f52
    grant execute to public

function storage.refresh_parts_of_events_hourly(tenants uuid[], sinces timestamp with time zone[], untils timestamp with time zone[]) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp; enable_hashjoin=off; enable_mergejoin=off, body 8d6cfd60ba1c1c43df763de3720b11c7
    grant execute to public

function storage.refresh_parts_of_latency_daily(tenants uuid[], sinces timestamp with time zone[], untils timestamp with time zone[]) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp; enable_hashjoin=off; enable_mergejoin=off, body d1d50b6fb36ae86ce4eb9a7a850d78a5
    grant execute to public

function storage.refresh_parts_of_latency_hourly(tenants uuid[], sinces timestamp with time zone[], untils timestamp with time zone[]) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp; enable_hashjoin=off; enable_mergejoin=off, body f3d6db389e47da64cad020980334beb2
    grant execute to public

function storage.refresh_parts_of_rules_daily(tenants uuid[], sinces timestamp with time zone[], untils timestamp with time zone[]) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp; enable_hashjoin=off; enable_mergejoin=off, body 6fd3e5ab64b48a3c223405a620fd3e59
    grant execute to public

function storage.refresh_parts_of_rules_hourly(tenants uuid[], sinces timestamp with time zone[], untils timestamp with time zone[]) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp; enable_hashjoin=off; enable_mergejoin=off, body 379c26971098d88473d2febf24c104ce
    grant execute to public

function storage.refresh_parts_of_validations_daily(tenants uuid[], sinces timestamp with time zone[], untils timestamp with time zone[]) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp; enable_hashjoin=off; enable_mergejoin=off, body 407ae66c3e8c81889aea1223beac98ff
    grant execute to public

function storage.refresh_parts_of_validations_hourly(tenants uuid[], sinces timestamp with time zone[], untils timestamp with time zone[]) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp; enable_hashjoin=off; enable_mergejoin=off, body aeae0bca48629a579960a3682a8878fc
    grant execute to public

function storage.refresh_rollup(name text, since timestamp with time zone, until timestamp with time zone) returns void language plpgsql volatile owner mirante_owner, body 71ba91967221444b10d7e50a82a48871
    grant execute to public

function storage.refresh_rollup_parts(name text, tenants uuid[], sinces timestamp with time zone[], untils timestamp with time zone[]) returns void language plpgsql volatile owner mirante_owner, body 8638cbba21a21ad3c90694438089c1f3
    grant execute to public

function storage.refresh_rules_daily(since timestamp with time zone, until timestamp with time zone) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp, body ec760b7fd337a3ad8791f663dada3651
    grant execute to public

function storage.refresh_rules_hourly(since timestamp with time zone, until timestamp with time zone) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp, body bccd1f41623346571502e08d3b5c48a8
    grant execute to public

function storage.refresh_validations_daily(since timestamp with time zone, until timestamp with time zone) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp, body 93efcd51a3b3c085eea00934ebbcf346
    grant execute to public

function storage.refresh_validations_hourly(since timestamp with time zone, until timestamp with time zone) returns void language plpgsql volatile owner mirante_owner set search_path=storage, public, pg_temp, body d94a5e7a20153581ad8ba6701f03a65c
    grant execute to public

function storage.retained_from(source text) returns timestamp with time zone language sql stable owner mirante_owner, body 01b20ffc7722f852a7e30eab80ca3693
    grant execute to public

function storage.rollup_boundary(name text, cutoff timestamp with time zone) returns timestamp with time zone language sql stable owner mirante_owner set search_path=storage, public, pg_temp, body d6572aa39df986441e88d32a7acd7392
    grant execute to public

function storage.rollup_bytes(name text) returns bigint language sql stable owner mirante_owner, body d94e7d21369ac992e9aef99fd52706d3
    grant execute to public

function storage.rollup_query(source text, time_column text, width interval, dims text[], measures text[], filter text) returns text language sql immutable owner mirante_owner, body 0c5f2de88fb6233883d9a9db6efd57d0
    grant execute to public

function storage.rollup_rows(name text) returns regclass language sql stable owner mirante_owner, body b5c9a8d0c846c6bcc0a4923a5c01f7d7
    grant execute to public

function storage.starts(since timestamp with time zone, until timestamp with time zone, width text, zone text) returns timestamp with time zone[] language sql stable owner mirante_owner, body 2121a9c26b91eda44606350df781e7df
    grant execute to public

function storage.summarise(name text) returns integer language plpgsql volatile owner mirante_owner set lock_timeout=5s, body b849944fe2b41c6443c0279b848bb44e
    grant execute to public

function storage.take_lock(name text) returns void language plpgsql volatile owner mirante_owner, body 3f16e0ddef146df5e00b84908d664079
    grant execute to public

function storage.time_bucket(width interval, at timestamp with time zone) returns timestamp with time zone language sql immutable strict owner mirante_owner, body 5b02a4f8479a8da35526f98af95617fb
    grant execute to mirante_views
    grant execute to public

function storage.whole_days(since timestamp with time zone, until timestamp with time zone, width text, zone text) returns timestamp with time zone[] language plpgsql stable owner mirante_owner, body d4ef74bbef1c1a69bd98b486ac5fcc94
    grant execute to public
