/** What the text columns of a table are: their names, separated by spaces. */
export type TextColumns = {
  /** May have an identifier of a person: the place of the table reads it, in access and erasure. */
  searched?: string;
  /** May have one and stays; the certificate names the ground, or it goes by itself within days. */
  kept?: string;
  /** Words of the product, numbers, hashes, keys, names of types and fields: nothing that anybody writes about people. */
  coded?: string;
};

/**
 * Every column of the schema private that can hold a text (text, json, bytes, addresses). A test compares it with the catalogue, so a
 * new column is a decision: who can write it, and what does an erasure do with it.
 */
export const TEXT_COLUMNS: Record<string, TextColumns> = {
  access_log: { kept: 'address' },
  alert_deliveries: { searched: 'message error', coded: 'type status' },
  alert_endpoints: { searched: 'target description', coded: 'kind' },
  alert_rules: { searched: 'name filter', coded: 'metric condition no_data' },
  alert_states: { coded: 'state' },
  annotations: { searched: 'text', coded: 'dashboard' },
  api_keys: { searched: 'name', coded: 'hash prefix scopes holder' },
  archive_files: { coded: 'type name sha256 digest status' },
  archive_rules: { coded: 'type tier' },
  audit_log: { kept: 'actor target details', coded: 'action hash' },
  benchmark_builds: { coded: 'metric period status' },
  benchmark_consents: { kept: 'text_version' },
  benchmark_panels: { coded: 'metric member cohort' },
  benchmark_secrets: { coded: 'inner_pad outer_pad' },
  benchmark_snapshots: { coded: 'metric period dimension cohort outcome rules input_digest size_band' },
  bookmarks: { searched: 'name query', coded: 'dashboard' },
  corrections_daily_rows: { searched: 'marketplace rule' },
  corrections_hourly_rows: { searched: 'marketplace rule' },
  dashboard_links: { searched: 'params', coded: 'dashboard prefix hash' },
  dashboard_opens: { coded: 'dashboard surface' },
  erasure_ledger: { coded: 'kind person_hash key_mark line' },
  event_types: { searched: 'description processing schema', coded: 'type mode personal_fields subject' },
  events: { searched: 'type source event_id subject data attributes', coded: 'outcome' },
  events_daily_rows: { searched: 'type route', coded: 'outcome' },
  events_hourly_rows: { searched: 'type route', coded: 'outcome' },
  export_files: { coded: 'name object sha256' },
  export_jobs: { searched: 'filter manifest error', coded: 'dataset format options status erased_for' },
  feature_uses: { coded: 'feature' },
  field_rewrites: { coded: 'type fields' },
  grant_secrets: { coded: 'id inner_pad outer_pad' },
  heartbeats: { coded: 'queue' },
  idempotency_keys: { searched: 'key answer', coded: 'request_hash' },
  incidents: { kept: 'title description data_categories measures' },
  isolation_audits: { coded: 'findings' },
  latency_daily_rows: { searched: 'type route' },
  latency_hourly_rows: { searched: 'type route' },
  login_codes: { coded: 'hash' },
  members: { kept: 'email name', coded: 'role' },
  metabase_dashboards: { coded: 'slug' },
  objectives: { coded: 'name alert' },
  offboardings: { kept: 'slug', coded: 'certificate earlier' },
  privacy_files: { searched: 'content', coded: 'name' },
  privacy_requests: { searched: 'person reason', coded: 'kind person_hash status outcome lasting_hash blocked' },
  privacy_reviews: { coded: 'person_hash cuts decision' },
  probe_totals: { coded: 'probe' },
  probes: { coded: 'probe detail' },
  pseudonym_keys: { coded: 'key' },
  quality_results: { coded: 'check_name status' },
  quarantine: { searched: 'detail pointer type raw', coded: 'status code' },
  reconciliations: { searched: 'first_difference' },
  restatements: { coded: 'rollup' },
  restore_drills: { coded: 'kind detail' },
  roles_to_drop: { coded: 'login error' },
  rule_hits: { searched: 'rule marketplace' },
  rules_daily_rows: { searched: 'marketplace rule' },
  rules_hourly_rows: { searched: 'marketplace rule' },
  sessions: { kept: 'address agent', coded: 'hash' },
  settings: { coded: 'name' },
  sql_logins: { searched: 'name', coded: 'login' },
  tenants: { searched: 'name attributes', kept: 'slug', coded: 'kind country timezone locale features limits embed_origins' },
  validations_daily_rows: { searched: 'marketplace', coded: 'outcome' },
  validations_hourly_rows: { searched: 'marketplace', coded: 'outcome' },
  withdrawal_keys: { coded: 'key' },
  withdrawn_subjects: { coded: 'subject_hash' },
};
