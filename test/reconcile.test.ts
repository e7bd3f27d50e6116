import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import { reconcileNow } from '../cli/commands/reconcile.ts';
import { reconcile, runReconcile } from '../jobs/metrics/reconcile.ts';
import { refreshRollups } from '../jobs/metrics/refresh-rollups.ts';
import { servePrivacyRequests } from '../jobs/privacy/serve-requests.ts';
import { offboardTenants } from '../jobs/tenants/offboard.ts';
import { createPool, withClient } from '../sql/database/db.ts';
import { findRollupFaults } from '../sql/metrics/rollup-faults.ts';
import { SOURCES } from '../sql/metrics/sources.ts';
import { canaryOf, plant } from '../sql/tenants/canaries.ts';
import { type Answer, useApi } from './support/api.ts';
import { jobDeps, useArchive } from './support/archive-home.ts';
import { makeOperatorKey, makeTenant, type TestTenant, useDatabase } from './support/harness.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const config = { AGGREGATE_RETENTION_DAYS: 730 };

const db = await useDatabase();
const archive = await useArchive();
const api = await useApi(db);
const operator = await makeOperatorKey(db);
// After each test, everything that it left behind must agree.
afterEach(async () => {
  expect(await proof()).toMatchObject({ differences: 0 });
});

const jobs = () => jobDeps(db, archive);
const proof = () => reconcile({ ...jobs(), config });
const refresh = () => refreshRollups(jobs());
const at = (ago: number) => new Date(Date.now() - ago).toISOString();
const hourOf = (time: string) => `${time.slice(0, 13)}:00:00Z`;

function send(tenant: TestTenant, times: string[], more: object = {}): Promise<Answer> {
  const events = times.map((time) => ({ id: randomUUID(), type: 'shop.order.paid.v1', time, data: { n: 1 }, ...more }));
  return api.call('POST', '/v1/events', tenant.keys.ingest, events);
}

/**
 * Changes something directly in the database, returns the first difference that reconciliation reports, and reverts the
 * change.
 */
async function foundAfter(statement: string, values: unknown[]): Promise<string> {
  // With one connection, everything runs in one transaction.
  const pool = createPool(db.url, { max: 1, name: 'test tampering', role: 'mirante_owner' });
  try {
    await pool.query('begin');
    expect((await pool.query(statement, values)).rowCount).toBe(1);
    const lines: object[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const failed = await runReconcile({ pool, log, clock: () => new Date(), config }).catch((error: Error) => error.message);
    expect(lines).toMatchObject([{ level: 50, differences: expect.any(Number), at: expect.any(String) }]);
    await pool.query('rollback');
    return String(failed);
  } finally {
    await pool.end();
  }
}

test('receipts, raw events, quarantine and roll-ups agree: fresh, late, repeated, conflicting and refused events', async () => {
  const tenant = await makeTenant(db);
  const same = [{ id: 'twice', type: 'a.b', time: at(50 * HOUR), data: {} }];
  expect((await send(tenant, [at(0), at(HOUR), at(3 * DAY), at(3 * DAY)])).body).toMatchObject({ accepted: 4 });
  await api.call('POST', '/v1/events', tenant.keys.ingest, same);
  expect((await api.call('POST', '/v1/events', tenant.keys.ingest, same)).body).toMatchObject({ duplicates: 1 });
  const other = [{ ...same[0], data: { other: true } }];
  expect((await api.call('POST', '/v1/events', tenant.keys.ingest, other)).body).toMatchObject({ conflicts: 1 });
  expect((await send(tenant, [at(400 * DAY)])).body).toMatchObject({ quarantined: 1 });
  await api.call('POST', '/v1/events', tenant.keys.ingest, 'not JSON');
  expect(await proof()).toMatchObject({ differences: 0 });
  await refresh();
  expect(await proof()).toMatchObject({ differences: 0 });
  const { rows } = await db.owner.query(
    `select sum(accepted)::int as accepted, sum(duplicates)::int as duplicates, sum(quarantined)::int as quarantined, bool_or(settled) as settled
     from private.receipts where tenant_id = $1`,
    [tenant.id],
  );
  expect(rows[0]).toEqual({ accepted: 5, duplicates: 1, quarantined: 3, settled: expect.any(Boolean) });
  const own = await db.owner.query('select * from private.reconciliations where tenant_id = $1 order by ran_at desc limit 1', [
    tenant.id,
  ]);
  expect(own.rows[0]).toMatchObject({
    receipts: 5,
    raw: 5,
    rolled_up: 5,
    quarantined: 3,
    differences: 0,
    first_difference: null,
  });
});

test('a deleted raw row, a doubled roll-up row and lost quarantine are each reported', async () => {
  const tenant = await makeTenant(db);
  const [old, older] = [at(3 * DAY), at(5 * DAY)];
  await send(tenant, [old, old, older, at(0)]);
  const refused = await send(tenant, [at(400 * DAY)]);
  expect(refused.body).toMatchObject({ quarantined: 1 });
  await refresh();
  const missing = await foundAfter('delete from private.events where tenant_id = $1 and time = $2', [tenant.id, older]);
  expect(missing).toBe(`Tenant ${tenant.id}, hour ${hourOf(older)}: 1 by receipts, 0 in raw events.`);
  for (const [rollup, words] of [
    ['events_hourly', `hour ${hourOf(older)}: 1 by receipts, 2 in the hourly roll-up.`],
    ['events_daily', `day ${older.slice(0, 10)}T00:00:00Z: 1 by receipts, 2 in the daily roll-up.`],
  ] as const) {
    const { rows: found } = await db.owner.query('select storage.rollup_rows($1)::text as name', [rollup]);
    const rows = found[0].name;
    const twice = `update ${rows} set events = 2 * events where tenant_id = $1 and bucket <= $2 and bucket > $2::timestamptz - interval '1 day'`;
    expect(await foundAfter(twice, [tenant.id, older])).toBe(`Tenant ${tenant.id}, ${words}`);
  }
  const lost = await foundAfter('delete from private.quarantine where tenant_id = $1', [tenant.id]);
  expect(lost).toMatch(/: 1 by receipts, 0 in refused input\.$/);
  const forged = await foundAfter(
    `insert into private.events (tenant_id, time, id, received_at, type, source, bytes)
     values ($1, $2, gen_random_uuid(), now(), 'a.b', 'c', 1)`,
    [tenant.id, at(4 * DAY)],
  );
  expect(forged).toMatch(/: 0 by receipts, 1 in raw events\.$/);
});

const ROWS = Object.keys(SOURCES).flatMap((noun) => [`${noun}_hourly`, `${noun}_daily`]);

async function rowsOf(rollup: string): Promise<string> {
  const { rows } = await db.owner.query<{ name: string }>('select storage.rollup_rows($1)::text as name', [rollup]);
  return rows[0]?.name as string;
}

test('reconcile --repair rebuilds doubled, missing or invented rows of every roll-up from the raw events', async () => {
  const tenant = await makeTenant(db);
  const others = { type: 'br.validahub.validation.completed.v1', data: { rows: 3, rules: { title: 2 }, duration_ms: 7 } };
  await send(tenant, [at(3 * DAY), at(5 * DAY)], others);
  await send(tenant, [at(3 * DAY)], { type: 'br.validahub.correction.applied.v1', data: { marketplace: 'amazon', rows: 1 } });
  await refresh();
  const before = await Promise.all(ROWS.map(picture));
  expect(await repaired()).toMatch(/rebuilt: 0\. Receipts, raw events, quarantine and roll-ups agree/);
  for (const [n, rollup] of ROWS.entries()) {
    const rows = await rowsOf(rollup);
    const count = SOURCES[rollup.split('_')[0] as keyof typeof SOURCES].count;
    const tampered = [
      `update ${rows} set ${count} = 2 * ${count} where tenant_id = $1`,
      `delete from ${rows} where tenant_id = $1`,
    ];
    expect((await db.owner.query(tampered[n % 2] as string, [tenant.id])).rowCount).toBeGreaterThan(0);
  }
  const made = `insert into ${await rowsOf('rules_hourly')} (tenant_id, bucket, marketplace, rule, hits, validations)
    values ($1, date_trunc('hour', now() - interval '4 days', 'UTC'), null, 'made up', 1, 1)`;
  await db.owner.query(made, [tenant.id]);
  expect(await repaired()).toMatch(/rebuilt: [1-9]\d*\. Receipts, raw events, quarantine and roll-ups agree/);
  expect(await Promise.all(ROWS.map(picture))).toEqual(before);
  expect((await withClient(db.owner, findRollupFaults)).length).toBe(0);

  async function picture(rollup: string): Promise<string> {
    const { rows } = await db.owner.query(
      `select jsonb_agg(to_jsonb(r) order by to_jsonb(r)::text)::text as picture from private.${rollup} r where tenant_id = $1`,
      [tenant.id],
    );
    return rows[0].picture;
  }
});

const repaired = () => reconcileNow(['--repair'], { ...config, DATABASE_URL: db.url, MIRANTE_DATA_DIR: 'none' });

test('the migration that adds a unique key repairs a database with duplicate groups', async () => {
  if (db.engine === 'timescaledb') return;
  const tenant = await makeTenant(db);
  await send(tenant, [at(3 * DAY), at(3 * DAY), at(0)]);
  await refresh();
  for (const rollup of ['events_hourly', 'events_daily']) {
    const rows = await rowsOf(rollup);
    await db.owner.query(`drop index private.${rollup}_key`);
    await db.owner.query(`insert into ${rows} select * from ${rows} where tenant_id = $1`, [tenant.id]);
    await db.owner.query('select storage.key_rollup($1, 3)', [rollup]);
    const again = `insert into ${rows} select * from ${rows} where tenant_id = $1`;
    await expect(db.owner.query(again, [tenant.id])).rejects.toThrow(/duplicate key/);
  }
  const { rows } = await db.owner.query(
    'select bool_and(forced) as forced, sum(events)::int as events from private.dirty_hours where tenant_id = $1',
    [tenant.id],
  );
  expect(rows).toEqual([{ forced: true, events: 0 }]);
  await refresh();
  expect((await withClient(db.owner, findRollupFaults)).length).toBe(0);
});

test('nothing differs during ingestion and refreshes', async () => {
  const tenants = await Promise.all([1, 2, 3].map(() => makeTenant(db)));
  let pouring = true;
  const pour = async (tenant: TestTenant) => {
    for (let n = 0; pouring; n++)
      await send(tenant, [at(0), at(n % 7), at((n % 90) * HOUR), at(HOUR), at(n % 2 ? 400 * DAY : 0)]);
  };
  const keepFresh = async () => {
    while (pouring) await refresh();
  };
  const busy = [...tenants.map(pour), keepFresh()];
  try {
    for (let n = 0; n < 20; n++) expect((await proof()).first).toBeUndefined();
  } finally {
    pouring = false;
    await Promise.all(busy);
  }
  await refresh();
  const last = await proof();
  expect(last).toMatchObject({ differences: 0 });
  expect(last.receipts).toBeGreaterThan(100);
}, 60_000);

test('erasure, replay, canaries and the removal of a tenant keep it balanced', async () => {
  const tenant = await makeTenant(db);
  await send(tenant, [at(2 * DAY), at(2 * DAY), at(0)], { subject: 'ana' });
  await send(tenant, [at(2 * DAY)], { subject: 'bo' });
  const strict = { schema: { required: ['m'] }, mode: 'quarantine' };
  await api.call('PUT', '/v1/event-types/shop.order.paid.v1', tenant.keys.tenant_admin, strict);
  expect((await send(tenant, [at(3 * DAY), at(0)], { subject: 'ana' })).body).toMatchObject({ quarantined: 2 });
  expect((await send(tenant, [at(3 * DAY)])).body).toMatchObject({ quarantined: 1 });
  await refresh();
  await api.call('POST', '/v1/privacy/requests', tenant.keys.tenant_admin, { kind: 'erasure', subject: 'ana' });
  expect(await proof()).toMatchObject({ differences: 0 });
  await servePrivacyRequests(jobs());
  expect(await proof()).toMatchObject({ differences: 0 });
  await api.call('PUT', '/v1/event-types/shop.order.paid.v1', tenant.keys.tenant_admin, { ...strict, mode: 'observe' });
  const replayed = await api.call('POST', '/v1/quarantine/replay', tenant.keys.tenant_admin, {});
  expect(replayed.body).toMatchObject({ accepted: 1 });
  const canary = await makeTenant(db);
  await withClient(db.owner, (client) => plant(client, canaryOf(canary.id)));
  expect(await proof()).toMatchObject({ differences: 0 });
  await refresh();
  const { rows } = await db.owner.query(
    'select sum(accepted)::int as accepted, sum(quarantined)::int as quarantined from private.receipts where tenant_id = $1',
    [tenant.id],
  );
  expect(rows[0]).toEqual({ accepted: 2, quarantined: 1 });
  await api.call('DELETE', `/v1/tenants/${tenant.id}`, operator);
  expect(await proof()).toMatchObject({ differences: 0 });
  await vi.waitFor(async () => {
    await offboardTenants(jobs());
    expect((await db.owner.query('select from private.receipts where tenant_id = $1', [tenant.id])).rowCount).toBe(0);
  }, 60_000);
}, 90_000);

test('an hour without a tenant in the ledger is counted again from the stored events', async () => {
  const tenant = await makeTenant(db);
  const old = at(4 * DAY);
  await db.owner.query(
    `insert into private.events (tenant_id, time, id, received_at, type, source, bytes)
     select $1, $2, gen_random_uuid(), now(), 'a.b', 'c', 1 from generate_series(1, 3)`,
    [tenant.id, old],
  );
  await db.owner.query("insert into private.dirty_hours (hour) values (date_trunc('hour', $1::timestamptz, 'UTC'))", [old]);
  expect(await proof()).toMatchObject({ differences: 0 });
  await send(tenant, [old]);
  await refresh();
  await send(tenant, [old]);
  const { rows } = await db.owner.query('select accepted, settled from private.receipts where tenant_id = $1', [tenant.id]);
  expect(rows).toEqual([{ accepted: 4, settled: true }]);
});
