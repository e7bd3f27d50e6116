import { particularPattern } from '../events/about.ts';
import { exportFiles } from '../exports/place.ts';
import { importDifferences } from '../imports/place.ts';
import { feedbackPlace, journeysPlace } from '../performance/place.ts';
import { testResults } from '../test-results/place.ts';
import { events } from './event-place.ts';
import { nothingErased, type PersonalPlace, type SubjectRecord, sizeOf } from './place.ts';
import { quarantine } from './quarantine-place.ts';
import { rollups } from './rollup-place.ts';
import { texts } from './text-place.ts';

const bundles: PersonalPlace = {
  name: 'bundles',
  tables: ['privacy_requests', 'privacy_files'],
  columns: ['id', 'kind', 'created_at', 'completed_at'],
  async *find(client, { tenantId, hash }) {
    const { rows } = await client.query<SubjectRecord>(
      `select jsonb_build_object('id', id, 'kind', kind, 'created_at', created_at, 'completed_at', completed_at)::text as json,
           jsonb_build_array(id, kind, created_at, completed_at) as cells
       from private.privacy_requests where tenant_id = $1 and person_hash = $2 order by id`,
      [tenantId, hash],
    );
    if (rows.length > 0) yield rows;
  },
  // The requests stay, as proof that they were served; they contain only the pseudonym.
  async erase(client, { tenantId, hash }) {
    const searched = await sizeOf(client, tenantId, 'privacy_files', 'octet_length(content)');
    const { rowCount } = await client.query(
      `delete from private.privacy_files f using private.privacy_requests r
       where r.id = f.request_id and r.tenant_id = $1 and r.person_hash = $2`,
      [tenantId, hash],
    );
    const removed = rowCount ?? 0;
    return { ...nothingErased(), searched, found: removed, removed };
  },
};

// A key is a name that the sender made up, so a short one is not the person. A receipt has ids of many events.
const WITHIN = `k.tenant_id = $1 and (position($2 in concat_ws(' ', k.key, k.answer::text)) > 0
    or $3::text is not null and concat_ws(' ', k.key, k.answer::text) ~* $3)`;

// A request that is repeated after the erasure is then recognised by its events alone.
const idempotencyKeys: PersonalPlace = {
  name: 'receipts',
  tables: ['idempotency_keys'],
  columns: ['key', 'first_at'],
  async *find(client, { tenantId, subject, hash }) {
    const { rows } = await client.query<SubjectRecord>(
      `select jsonb_build_object('key', k.key, 'first_at', k.first_at)::text as json, jsonb_build_array(k.key, k.first_at) as cells
       from private.idempotency_keys k where ${WITHIN} order by k.first_at, k.key`,
      [tenantId, hash, particularPattern(subject)],
    );
    if (rows.length > 0) yield rows;
  },
  async erase(client, { tenantId, subject, hash }) {
    const searched = await sizeOf(
      client,
      tenantId,
      'idempotency_keys',
      'octet_length(key) + coalesce(octet_length(answer::text), 0)',
    );
    const { rowCount } = await client.query(`delete from private.idempotency_keys k where ${WITHIN}`, [
      tenantId,
      hash,
      particularPattern(subject),
    ]);
    const removed = rowCount ?? 0;
    return { ...nothingErased(), searched, found: removed, removed };
  },
};

/** Every place that may store data about a person. Journeys come after the events that they are collected from. */
export const PLACES: PersonalPlace[] = [
  events,
  quarantine,
  testResults,
  idempotencyKeys,
  bundles,
  importDifferences,
  exportFiles,
  journeysPlace,
  feedbackPlace,
  texts,
  rollups,
];

/** Tables without personal data, each with the reason. */
export const WITHOUT_PEOPLE: Record<string, string> = {
  metabase_dashboards: 'numbers of dashboards',
  roles_to_drop: 'random names of roles',
  pseudonym_keys: 'keys',
  restatements: 'counts of a whole tenant',
  field_rewrites: 'names of fields and counts',
  withdrawn_subjects: 'keyed hashes alone, without which a withdrawal could not be honoured',
  support_access: 'decisions of organisations',
  sessions: 'browsers of those people, for two weeks at most',
  login_codes: 'hashes, for ten minutes',
  access_log: 'addresses that keys were used from, which the law says to keep for six months',
  offboardings: 'organisations that were removed',
  tests: 'ids of tests',
  dirty_journeys: 'hours of a whole tenant',
  dashboard_opens: 'counts of a whole tenant',
  feature_uses: 'counts of a whole tenant',
  channel_counts: 'counts and costs of a whole service',
  performance_reports: 'figures of a whole service',
  alert_states: 'figures of a whole tenant',
  dirty_hours: 'hours and counts of a whole tenant',
  receipts: 'counts of a whole tenant',
  erasure_ledger: 'pseudonyms, without which an erasure could not be repeated after a restore',
  erased_events: 'keys of erased events: UUIDs and hashes, without which a late duplicate would be stored again',
  withdrawal_keys: 'keys',
  privacy_versions: 'numbers',
  quality_results: 'figures of a whole tenant',
  benchmarks: 'names of figures',
  benchmark_units: 'organisations',
  benchmark_builds: 'names of figures',
  benchmark_snapshots: 'quartiles over many organisations',
  benchmark_panels: 'keyed hashes of organisations',
  benchmark_secrets: 'keys',
  archive_rules: 'days for which organisations have events kept',
  archive_files: 'names, counts and digests of files; the files themselves are a place of their own (jobs/archive/erase.ts)',
  import_rows: 'ids of documents and of their events',
  incidents: 'what happened to which organisations, in words in which identifiers are refused',
  heartbeats: 'queues',
  ingest_gate: 'a moment',
  grant_secrets: 'keys',
  isolation_audits: 'names of attacks',
  restore_drills: 'times and counts of the platform itself',
  probes: 'times of the platform itself',
  probe_totals: 'times of the platform itself',
  objectives: 'figures of the platform itself',
  settings: 'numbers that the operator chose',
};
