import { randomBytes, randomInt } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { Party } from '../attacks/attack.ts';
import type { Client } from '../database/db.ts';

export type Canary = Omit<Party, 'grant'>;

/** Returns the two tenants of the isolation audit, the attacker first. Creates missing ones. Probes have their own canary. */
export async function findCanaries(client: Client): Promise<[Canary, Canary]> {
  const find = async () =>
    (
      await client.query<{ id: string }>(
        "select id from private.tenants where kind = 'canary' and starts_with(slug, 'canary-') order by id limit 2",
      )
    ).rows;
  let found = await find();
  while (found.length < 2) {
    const id = uuidv7();
    await client.query(
      `insert into private.tenants (id, slug, name, kind, attributes)
       values ($1, 'canary-' || $2, 'Canary ' || $2, 'canary', jsonb_build_object('canary', $2::text))`,
      [id, wordOf(id)],
    );
    found = await find();
  }
  const [attacker, victim] = found.map(({ id }) => canaryOf(id)) as [Canary, Canary];
  return [attacker, victim];
}

/** What identifies a tenant's rows: a fixed word, and new marks for the rows that are planted next. */
export function canaryOf(id: string): Canary {
  return {
    id,
    word: wordOf(id),
    mark: `mark${randomBytes(10).toString('hex')}`,
    figure: randomInt(100_000_000_000, 1_000_000_000_000),
  };
}

const wordOf = (id: string) => id.replaceAll('-', '');

// Never the name of a role: a row in the table alone must open nothing.
const LOGIN = "'mirante_sql_' || substr(md5(c.word), 1, 16)";

const KEY = 'lateral (select id from private.api_keys where tenant_id = c.id order by id limit 1) k';
const DOCUMENT = 'lateral (select id from private.imports where tenant_id = c.id order by id limit 1) i';
const RULE = 'lateral (select id, notify from private.alert_rules where tenant_id = c.id order by id limit 1) r';

/**
 * Statements that plant rows of a canary `c` in every table with a tenant_id, by table. Roll-ups and the audit log fill
 * themselves. Tables with one permanent row keep it. Events and rejected input are new each time, so that old ones exist in every
 * chunk and partition.
 */
export const PLANTED: Record<string, string> = {
  'private.api_keys': `insert into private.api_keys (id, tenant_id, name, hash, prefix, scopes)
    select c.row_id, c.id, c.word, sha256(uuid_send(gen_random_uuid())), 'none', array['ingest'] from c
    where not exists (select from private.api_keys k where k.tenant_id = c.id)`,
  'private.sql_logins': `insert into private.sql_logins (id, tenant_id, login, name, connection_limit, statement_timeout_seconds,
        revoked_at, ended_at)
    select c.row_id, c.id, ${LOGIN}, c.word, 1, 1, now(), now() from c on conflict (login) do nothing`,
  'private.idempotency_keys': `insert into private.idempotency_keys (tenant_id, key, request_hash, claim, answer)
    select c.id, c.word, '', c.row_id, json_build_object('mark', c.mark, 'figure', c.figure) from c
    on conflict (tenant_id, key) do update set first_at = now(), answer = excluded.answer`,
  'private.event_types': `insert into private.event_types (tenant_id, type, version, schema, mode, description)
    select c.id, 'canary.' || c.word || '.v1', 1, jsonb_build_object('title', c.word), 'observe', c.word from c
    on conflict do nothing`,
  'private.pseudonym_keys': `insert into private.pseudonym_keys (tenant_id, key)
    select c.id, decode(c.word || c.word, 'hex') from c on conflict do nothing`,
  'private.withdrawn_subjects': `insert into private.withdrawn_subjects (tenant_id, subject_hash)
    select c.id, c.word from c on conflict do nothing`,
  'private.withdrawal_keys': `insert into private.withdrawal_keys (tenant_id, key)
    select c.id, decode(c.word || c.word, 'hex') from c on conflict do nothing`,
  'private.privacy_versions': `insert into private.privacy_versions (tenant_id, version) select c.id, 1 from c on conflict do nothing`,
  'private.erased_events': `insert into private.erased_events (tenant_id, id, time) select c.id, c.row_id, '-infinity' from c
    where not exists (select from private.erased_events e where e.tenant_id = c.id)`,
  'private.access_log': `insert into private.access_log (tenant_id, hour, key_id, address, first_at, last_at, requests)
    select c.id, date_trunc('hour', now(), 'UTC'), k.id, '192.0.2.1', now(), now(), 1 from c, ${KEY} on conflict do nothing`,
  'private.privacy_requests': `insert into private.privacy_requests (id, tenant_id, kind, person_hash, reason, status, progress,
        completed_at, outcome)
    select c.row_id, c.id, 'access', c.word, c.mark, 'completed', 100, now(), jsonb_build_object('mark', c.word) from c
    where not exists (select from private.privacy_requests r where r.tenant_id = c.id)`,
  'private.privacy_files': `insert into private.privacy_files (tenant_id, request_id, name, part, content)
    select c.id, r.id, c.word, 1, convert_to(c.mark, 'UTF8')
    from c, lateral (select id from private.privacy_requests where tenant_id = c.id order by id limit 1) r on conflict do nothing`,
  'private.privacy_reviews': `insert into private.privacy_reviews (id, tenant_id, request_id, person_hash, quarantine_id, received_at, cuts)
    select c.row_id, c.id, r.id, c.word, c.row_id, now(), '[]'
    from c, lateral (select id from private.privacy_requests where tenant_id = c.id order by id limit 1) r
    where not exists (select from private.privacy_reviews v where v.tenant_id = c.id)`,
  'private.field_rewrites': `insert into private.field_rewrites (tenant_id, type, fields, completed_at)
    select c.id, 'canary.' || c.word || '.v1', array['/' || c.word], now() from c on conflict do nothing`,
  'private.offboardings': `insert into private.offboardings (tenant_id, slug, progress, completed_at, certificate)
    select c.id, 'canary-' || c.word, 100, now(), jsonb_build_object('mark', c.word) from c on conflict do nothing`,
  'private.dashboard_opens': `insert into private.dashboard_opens (tenant_id, day, dashboard, surface, opens)
    select c.id, (now() at time zone 'UTC')::date, 'c' || c.word, 'mirante', 1 from c on conflict do nothing`,
  'private.dashboard_links': `insert into private.dashboard_links (id, tenant_id, key_id, dashboard, prefix, hash, params, expires_at)
    select c.row_id, c.id, k.id, c.word, 'canary', sha256(uuid_send(gen_random_uuid())), jsonb_build_object('mark', c.mark), '-infinity'
    from c, ${KEY} where not exists (select from private.dashboard_links l where l.tenant_id = c.id)`,
  'private.annotations': `insert into private.annotations (id, tenant_id, time, text)
    select c.row_id, c.id, '-infinity', c.word from c where not exists (select from private.annotations a where a.tenant_id = c.id)`,
  'private.bookmarks': `insert into private.bookmarks (id, tenant_id, key_id, dashboard, name, query)
    select c.row_id, c.id, k.id, c.word, c.word, c.mark from c, ${KEY}
    where not exists (select from private.bookmarks b where b.tenant_id = c.id)`,
  'private.services': `insert into private.services (tenant_id, slug, name, locales, timezone, started, completed, journey_id, draft_limit_days,
        channels, costs, comment_retention_days, journeys_to)
    select c.id, c.word, c.word, array[c.mark], c.word, c.word, c.word, c.word, 1, array[c.word], jsonb_build_object('mark', c.mark), 36500, now()
    from c on conflict do nothing`,
  'private.feedback': `insert into private.feedback (id, tenant_id, service, received_at, rating, locale, comment)
    select c.row_id, c.id, c.word, now(), 3, c.word, c.mark from c
    where not exists (select from private.feedback f where f.tenant_id = c.id)`,
  'private.journeys': `insert into private.journeys (tenant_id, service, id, started_at, subjects)
    select c.id, c.word, c.row_id, now(), array[c.mark] from c
    where not exists (select from private.journeys j where j.tenant_id = c.id)`,
  // For an hour that never comes, which the job never collects.
  'private.dirty_journeys': `insert into private.dirty_journeys (tenant_id, hour)
    select c.id, '9999-01-01' from c where not exists (select from private.dirty_journeys d where d.tenant_id = c.id)`,
  // Destroyed, so that no worker and no check looks for a body.
  'private.imports': `insert into private.imports (id, tenant_id, key_id, first_at, source, media_type, bytes, sha256, sealed_key, sealed_with,
        status, importer, findings, completed_at, destroyed_at)
    select c.row_id, c.id, k.id, now(), c.word, 'text/csv', c.figure, c.mark, '', '', 'rejected', 'markr',
        jsonb_build_array(jsonb_build_object('code', c.word, 'detail', c.mark)), now(), now()
    from c, ${KEY} where not exists (select from private.imports i where i.tenant_id = c.id)`,
  'private.import_rows': `insert into private.import_rows (tenant_id, import_id, time, id, is_origin)
    select c.id, i.id, now(), c.id, false from c, ${DOCUMENT}
    where not exists (select from private.import_rows r where r.tenant_id = c.id and r.id = c.id)`,
  'private.import_runs': `insert into private.import_runs (id, tenant_id, key_id, import_id, filter, dry_run, status, rows, due_at, completed_at)
    select c.row_id, c.id, k.id, i.id, jsonb_build_object('media_type', c.word), true, 'completed', c.figure, null, now()
    from c, ${KEY}, ${DOCUMENT} where not exists (select from private.import_runs r where r.tenant_id = c.id)`,
  'private.import_differences': `insert into private.import_differences (tenant_id, run_id, number, import_id, kind, row_key, after)
    select c.id, r.id, 1, i.id, 'added', c.word, jsonb_build_object('mark', c.mark)
    from c, ${DOCUMENT}, lateral (select id from private.import_runs where tenant_id = c.id order by id limit 1) r on conflict do nothing`,
  'private.import_versions': `insert into private.import_versions (tenant_id, import_id, version, importer, mapping)
    select c.id, i.id, 1, c.word, jsonb_build_object('mark', c.mark) from c, ${DOCUMENT} on conflict do nothing`,
  'private.channel_counts': `insert into private.channel_counts (id, tenant_id, service, period, revision, paper, costs, source)
    select c.row_id, c.id, c.word, '2026-01', 1, c.figure, jsonb_build_object('mark', c.mark), 'manual' from c on conflict do nothing`,
  'private.channel_connectors': `insert into private.channel_connectors (tenant_id, service, url, mapping, schedule, day, first_period, enabled,
        detail)
    select c.id, c.word, 'https://' || c.word || '.invalid/', jsonb_build_object('mark', c.mark), 'daily', 1, '2026-01', false, c.word
    from c on conflict do nothing`,
  'private.performance_reports': `insert into private.performance_reports (id, tenant_id, service, period, cause, publish, status, completed_at,
        measures, missing, method)
    select c.row_id, c.id, c.word, '2026-01', 'request', false, 'completed', now(), jsonb_build_object('mark', c.mark, 'figure', c.figure), '[]',
        jsonb_build_object('word', c.word)
    from c where not exists (select from private.performance_reports r where r.tenant_id = c.id)`,
  'private.tests': `insert into private.tests (tenant_id, test_id) select c.id, c.word from c on conflict do nothing`,
  'private.test_scans': `insert into private.test_scans (tenant_id, import_id, number, test_id, student_id, available, obtained, scanned_at)
    select c.id, c.row_id, 0, c.word, c.word, 1, 1, '-infinity' from c
    where not exists (select from private.test_scans s where s.tenant_id = c.id)`,
  'private.student_test_results': `insert into private.student_test_results (tenant_id, student_id, test_id, available_points, obtained_points,
        origins_import_vault, date_of_test)
    select c.id, c.word, c.word, 1, 1, array[c.row_id], now() from c
    on conflict (tenant_id, student_id, test_id) do update set date_of_test = excluded.date_of_test`,
  'private.replayed_scans': `insert into private.replayed_scans (tenant_id, run_id, import_id, number, test_id, student_id, available, obtained)
    select c.id, r.id, c.row_id, 0, c.word, c.word, 1, 1
    from c, lateral (select id from private.import_runs where tenant_id = c.id order by id limit 1) r on conflict do nothing`,
  'private.members': `insert into private.members (id, tenant_id, key_id, email, name, role)
    select c.row_id, c.id, k.id, c.word || '@canary.invalid', c.mark, 'viewer' from c, ${KEY}
    where not exists (select from private.members m where m.tenant_id = c.id)`,
  // A switch and a visit that have ended: the rows alone must open nothing.
  'private.support_access': `insert into private.support_access (tenant_id, allowed_until) select c.id, '-infinity' from c
    on conflict do nothing`,
  'private.support_visits': `insert into private.support_visits (id, tenant_id, key_id, operator_key, operator, stated_reason, ends_at)
    select c.row_id, c.id, k.id, k.id, c.word, c.mark, '-infinity' from c, ${KEY}
    where not exists (select from private.support_visits v where v.tenant_id = c.id)`,
  'private.sessions': `insert into private.sessions (id, tenant_id, key_id, hash, agent, expires_at)
    select c.row_id, c.id, k.id, sha256(uuid_send(gen_random_uuid())), c.word, '-infinity' from c, ${KEY}
    where not exists (select from private.sessions s where s.tenant_id = c.id)`,
  'private.login_codes': `insert into private.login_codes (hash, tenant_id, key_id, expires_at)
    select sha256(convert_to(c.word, 'UTF8')), c.id, k.id, '-infinity' from c, ${KEY} on conflict do nothing`,
  'private.feature_uses': `insert into private.feature_uses (tenant_id, day, feature, uses)
    select c.id, (now() at time zone 'UTC')::date, 'exports', 1 from c on conflict do nothing`,
  'private.alert_endpoints': `insert into private.alert_endpoints (id, tenant_id, kind, target, description, disabled_at)
    select c.row_id, c.id, 'webhook', 'https://' || c.word || '.invalid/', c.mark, now() from c
    where not exists (select from private.alert_endpoints e where e.tenant_id = c.id)`,
  'private.alert_rules': `insert into private.alert_rules (id, tenant_id, name, enabled, metric, filter, condition, threshold, window_seconds,
        for_seconds, cool_down_seconds, no_data, notify)
    select c.row_id, c.id, c.word, true, 'events.count', jsonb_build_object('type', c.word), 'above', c.figure, 300, 0, 300, 'ok',
        array(select id from private.alert_endpoints where tenant_id = c.id)
    from c where not exists (select from private.alert_rules r where r.tenant_id = c.id)`,
  'private.alert_states': `insert into private.alert_states (rule_id, tenant_id, state, since, value, evaluated_at, open)
    select r.id, c.id, 'ok', now(), c.figure, now(), false from c, ${RULE} on conflict do nothing`,
  'private.alert_deliveries': `insert into private.alert_deliveries (id, tenant_id, rule_id, endpoint_id, type, message, status, created_at,
        due_at, ended_at)
    select c.row_id, c.id, r.id, r.notify[1], 'alert.test', json_build_object('mark', c.mark, 'name', c.word), 'delivered', now(), now(), now()
    from c, ${RULE} where not exists (select from private.alert_deliveries d where d.tenant_id = c.id)`,
  'private.export_jobs': `insert into private.export_jobs (id, tenant_id, key_id, dataset, format, options, window_from, window_to, filter,
        status, error, progress, created_at, ended_at, manifest)
    select c.row_id, c.id, k.id, 'events', 'csv', jsonb_build_object('mark', c.mark), now() - interval '1 day', now(),
        jsonb_build_object('type', c.word), 'expired', c.word, 100, now(), now(), jsonb_build_object('mark', c.word)
    from c, ${KEY} where not exists (select from private.export_jobs j where j.tenant_id = c.id)`,
  'private.export_files': `insert into private.export_files (tenant_id, export_id, part, from_time, to_time, expected_rows, name, rows, bytes,
        sha256, stored_at)
    select c.id, j.id, 1, now() - interval '1 day', now(), c.figure, c.word, c.figure, c.figure, c.mark, now()
    from c, lateral (select id from private.export_jobs where tenant_id = c.id order by id limit 1) j on conflict do nothing`,
  'private.benchmark_consents': `insert into private.benchmark_consents (id, tenant_id, accepted, text_version)
    select c.row_id, c.id, true, c.word from c where not exists (select from private.benchmark_consents b where b.tenant_id = c.id)`,
  'private.events': `insert into private.events (tenant_id, time, id, received_at, type, source, event_id, subject, outcome,
        duration_ms, bytes, data, attributes)
    select c.id, now(), gen_random_uuid(), now(), t.type, c.word, c.mark, c.word, 'success', 1, 10,
        jsonb_build_object('marketplace', c.word, 'rule', c.word, 'mark', c.mark, 'rows', c.figure),
        jsonb_build_object('mark', c.word)
    from c, unnest(array['canary.' || c.word || '.v1', 'br.validahub.validation.completed.v1',
        'br.validahub.correction.applied.v1']) t (type)`,
  'private.rule_hits': `insert into private.rule_hits (tenant_id, time, id, rule, marketplace, hits)
    select c.id, now(), c.row_id, c.word, c.word, c.figure from c`,
  'private.quarantine': `insert into private.quarantine (tenant_id, received_at, id, status, code, detail, type, key_id, raw)
    select c.id, now(), c.row_id, 'quarantined', 'canary', c.mark, 'canary.' || c.word || '.v1', k.id, convert_to(c.mark, 'UTF8')
    from c, ${KEY}`,
  // One row for what is stored above, and one for an hour that never comes, which no refresh removes.
  'private.dirty_hours': `insert into private.dirty_hours (tenant_id, hour, events, quarantined)
    select c.id, date_trunc('hour', now(), 'UTC'), 3, 1 from c union all
    select c.id, '9999-01-01', 0, 0 from c
    where not exists (select from private.dirty_hours d where d.tenant_id = c.id and d.hour = '9999-01-01')`,
  'private.receipts': `insert into private.receipts (tenant_id, hour, accepted, duplicates, quarantined)
    select c.id, date_trunc('hour', now(), 'UTC'), 0, 0, 0 from c on conflict do nothing`,
  'private.restatements': `insert into private.restatements (tenant_id, rollup, service, bucket, before, after)
    select c.id, c.word, c.word, date_trunc('day', now(), 'UTC'), 0, c.figure from c`,
  'private.reconciliations': `insert into private.reconciliations (tenant_id, ran_at, hours, receipts, raw, rolled_up, quarantined,
        differences, first_difference)
    select c.id, now(), 0, c.figure, 0, 0, 0, 0, jsonb_build_object('mark', c.mark, 'word', c.word) from c`,
  'private.archive_rules': `insert into private.archive_rules (tenant_id, type, tier, keep_days) select c.id, c.word, c.word, 0 from c
    on conflict do nothing`,
  'private.archive_files': `insert into private.archive_files (id, tenant_id, type, day, name, rows, bytes, sha256, digest, first_time,
        last_time, first_received_at, last_received_at, status)
    select c.row_id, c.id, c.word, now(), 'canary/' || c.word, c.figure, 0, c.word, c.mark, now(), now(), now(), now(), 'live'
    from c on conflict do nothing`,
  'private.quality_results': `insert into private.quality_results (tenant_id, day, check_name, value, status, weight, checked_at)
    select c.id, date_trunc('day', now(), 'UTC'), c.word, c.figure, 'pass', 0, now() from c
    on conflict (tenant_id, day, check_name) do update set value = excluded.value`,
};

const CANARY = 'with c (id, word, mark, figure, row_id) as (values ($1::uuid, $2::text, $3::text, $4::bigint, $5::uuid))';

/** Plants the rows of one canary. The connection must act as mirante_owner. */
export async function plant(client: Client, { id, word, mark, figure }: Canary): Promise<void> {
  await client.query('begin');
  try {
    for (const statement of Object.values(PLANTED))
      await client.query(`${CANARY} ${statement}`, [id, word, mark, figure, uuidv7()]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}
