import { noteOpened } from '../../sql/dashboards/opens.ts';
import { saveProbes } from '../../sql/objectives/probes.ts';
import { noteUsed } from '../../sql/tenants/feature-uses.ts';
import type { TestDatabase, TestTenant } from './harness.ts';

/**
 * Events of each kind for every step back from `now`, none in the future, each with the tenant's own word in every text
 * field.
 */
export async function fillTenant(
  db: Pick<TestDatabase, 'owner' | 'api'>,
  { id, keyIds }: TestTenant,
  word: string,
  count: number,
  now: Date,
): Promise<void> {
  const time = `$3::timestamptz - n * interval '43 minutes' - interval '20 minutes'`;
  await db.owner.query(
    `insert into private.events (tenant_id, time, id, received_at, type, source, bytes, outcome, duration_ms, data)
     select $1, ${time}, gen_random_uuid(), ${time} + interval '2 seconds', kind.type, $2, 100 + n, case when n % 4 = 0 then 'failure' else 'success' end,
         case when kind.at = 1 then 10 + n end,
         jsonb_build_object('marketplace', $2 || '-shop-' || n % 2, 'rows', 1000 + n, 'errors', n % 7, 'warnings', n % 3, 'rule', $2 || '-rule-' || n % 3)
     from generate_series(1, $4::integer) n,
         (values (1, 'br.validahub.validation.completed.v1'), (2, 'br.validahub.correction.applied.v1'), (3, $2 || '.other.v1')) kind (at, type)
     where kind.at < 3 or n % 10 = 0`,
    [id, word, now, count],
  );
  await db.owner.query(
    `insert into private.rule_hits (tenant_id, time, id, rule, marketplace, hits)
     select $1, ${time}, gen_random_uuid(), $2 || '-rule-' || n % 5, $2 || '-shop-' || n % 2, n % 5 + 1 from generate_series(1, $4::integer) n`,
    [id, word, now, count],
  );
  await db.owner.query(
    `insert into private.quarantine (tenant_id, received_at, id, status, code, type, key_id, raw, replayed_at)
     select $1, ${time}, gen_random_uuid(), 'quarantined', case when n % 2 = 0 then 'schema-mismatch' else 'too-old' end, $2 || '.other.v1', $5, '',
         case when n % 3 = 0 then now() end
     from generate_series(1, $4::integer / 30) n`,
    [id, word, now, count, keyIds.ingest],
  );
  await db.owner.query(
    `with tests as (
       insert into private.tests (tenant_id, test_id) select $1, $2::text || '-test-' || n from generate_series(0, 2) n on conflict do nothing
     )
     insert into private.student_test_results (tenant_id, student_id, test_id, available_points, obtained_points, origins_import_vault, date_of_test)
     select $1, gen_random_uuid()::text, $2 || '-test-' || n % 3, 20, n % (18 - n % 3), array[gen_random_uuid()], ${time}
     from generate_series(1, $4::integer) n`,
    [id, word, now, count],
  );
  // Destroyed, so that nothing looks for a body.
  await db.owner.query(
    `insert into private.imports (id, tenant_id, key_id, received_at, first_at, source, media_type, bytes, sha256, sealed_key, sealed_with,
         status, importer, findings, completed_at, destroyed_at)
     select gen_random_uuid(), $1, $5, ${time}, ${time}, $2, 'text/xml+markr', 100, '', '', '', 'imported', 'markr',
         jsonb_build_array(jsonb_build_object('code', case when n % 2 = 0 then 'no-scan-time' else 'no-results' end, 'detail', $2::text)), now(), now()
     from generate_series(1, $4::integer / 30) n`,
    [id, word, now, count, keyIds.ingest],
  );
  if (word === 'acme') await noteOpened(db.api, id, 'error-patterns', 'mirante');
  for (const surface of ['mirante', 'mirante', 'metabase'] as const)
    await noteOpened(db.api, id, 'validations-overview', surface);
  for (let reads = word === 'acme' ? 2 : 1; reads > 0; reads--) await noteUsed(db.api, id, 'benchmarks');
}

/** Further data of the cards of operations: probes, requests, alerts of one tenant, and a quota of the tenant `acme`. */
export async function fillPlatform(db: Pick<TestDatabase, 'owner'>, rival: TestTenant, now: Date): Promise<void> {
  const minutes = Array.from({ length: 60 }, (_, n) => new Date(Date.now() - n * 60_000));
  await saveProbes(
    db.owner,
    minutes.flatMap((at, n) =>
      (['ready', 'ingest', 'query', 'arrival'] as const).map((probe) => ({
        probe,
        at,
        ok: n % 20 !== 0,
        milliseconds: 100 * (1 + n),
        detail: null,
      })),
    ),
  );
  await db.owner.query(
    `insert into private.alert_endpoints (id, tenant_id, kind, target) select gen_random_uuid(), $1, kind, 'rival.other.v1' from unnest(array['webhook', 'email']) kind`,
    [rival.id],
  );
  await db.owner.query(
    `insert into private.alert_rules (id, tenant_id, name, enabled, metric, filter, condition, threshold, window_seconds, for_seconds,
         cool_down_seconds, no_data, notify)
     select gen_random_uuid(), $1, 'rival-rule-', n > 1, 'events.count', '{}', 'above', 1, 300, 0, 300, 'ok', '{}' from generate_series(1, 3) n`,
    [rival.id],
  );
  await db.owner.query(
    `insert into private.alert_deliveries (id, tenant_id, endpoint_id, type, message, status, attempts, created_at, due_at)
     select gen_random_uuid(), e.tenant_id, e.id, 'alert.test', '{"name": "rival-rule-"}', case when n = 1 then 'waiting' else 'delivered' end, n,
         now() - n * interval '1 hour', now() from private.alert_endpoints e, generate_series(1, 3) n`,
  );
  await db.owner.query(
    `insert into private.events (tenant_id, time, id, received_at, type, source, bytes, outcome, duration_ms, data)
     select t.id, $1::timestamptz - n * interval '43 minutes', gen_random_uuid(), now(), 'mirante.http.request.v1', 'mirante', 100,
         case when n % 50 = 0 then 'failure' else 'success' end, n * (1 + n % 3) * 2, jsonb_build_object('route', '/v1/route-' || n % 3)
     from private.tenants t, generate_series(1, 600) n where t.kind = 'operations'`,
    [now],
  );
  await db.owner.query(
    `insert into private.dirty_hours (hour) select $1::timestamptz - n * interval '1 hour' from generate_series(1, 500) n`,
    [now],
  );
  await db.owner.query(`update private.tenants set limits = '{"events_per_month": 10000}' where slug = 'acme'`);
  await db.owner.query(`insert into private.heartbeats (queue, beat_at) values ('rollups', now() - interval '20 seconds')`);
  await db.owner.query(
    `insert into storage.retention_runs (ran_at, relation, rule, dropped_to, dropped) values (now(), 'events', 'RAW_RETENTION_DAYS=90', now(), 2)`,
  );
}
