import pg from 'pg';
import { expect, test, vi } from 'vitest';
import { refreshRollups } from '../../jobs/metrics/refresh-rollups.ts';
import { endSqlLogins } from '../../jobs/tenants/end-sql-logins.ts';
import { offboardTenants } from '../../jobs/tenants/offboard.ts';
import { signGrant } from '../../sql/dashboards/grants.ts';
import { withClient, withTenant } from '../../sql/database/db.ts';
import { tenantTables } from '../../sql/tenants/offboarding.ts';
import { useApi } from '../../test/support/api.ts';
import { jobDeps, useArchive } from '../../test/support/archive-home.ts';
import { makeOperatorKey, makeTenant, type TestTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const archive = await useArchive();
const api = await useApi(db);
const operator = await makeOperatorKey(db);

const jobs = () => jobDeps(db, archive);

// Transaction ids are shared by the whole server, so transactions of other tests may have to end first.
const removal = (tenant: TestTenant) =>
  vi.waitFor(async () => {
    await offboardTenants(jobs());
    expect((await api.call('GET', `/v1/tenants/${tenant.id}/offboarding`, operator)).body.status).toBe('completed');
  }, 100_000);

/** A tenant with rows in every table that the API fills. */
async function livelyTenant(): Promise<TestTenant> {
  const tenant = await makeTenant(db);
  const admin = (method: string, path: string, body: object) => api.call(method, path, tenant.keys.tenant_admin, body);
  await admin('PUT', '/v1/event-types/test.a.v1', { schema: {}, mode: 'observe' });
  const time = (hours: number) => new Date(Date.now() - hours * 3600_000).toISOString();
  const events = [2, 30, 0].map((hours) => ({
    type: 'br.validahub.validation.completed.v1',
    id: String(hours),
    subject: 'ana',
    time: time(hours),
    data: { marketplace: 'magalu', rows: 1, errors: 1, duration_ms: 3, outcome: 'success', rules: { gtin: 1 } },
  }));
  const sent = await api.call('POST', '/v1/events', tenant.keys.ingest, events, { 'idempotency-key': 'k' });
  expect(sent.body).toMatchObject({ accepted: 3 });
  await api.call('POST', '/v1/events', tenant.keys.ingest, { type: 'x', time: 'never' });
  await admin('POST', '/v1/privacy/requests', { kind: 'withdrawal', subject: 'bo' });
  await admin('POST', '/v1/privacy/requests', { kind: 'access', subject: 'ana' });
  await refreshRollups(jobs());
  return tenant;
}

async function rowsOf(tenant: TestTenant): Promise<Record<string, number>> {
  const rollups = (await db.owner.query<{ name: string }>('select name from storage.rollups')).rows.map(({ name }) => name);
  const tables = await withClient(db.owner, tenantTables);
  const found: Record<string, number> = {};
  for (const name of [...tables, ...rollups]) {
    const { rows } = await db.owner.query(`select count(*)::int as n from private.${name} where tenant_id = $1`, [tenant.id]);
    found[name] = rows[0].n;
  }
  return found;
}

test('a tenant is closed at once, then removed from every table and roll-up, and a certificate is issued', async () => {
  const [tenant, other] = [await livelyTenant(), await livelyTenant()];
  const login = await api.call('POST', `/v1/tenants/${tenant.id}/sql-logins`, tenant.keys.tenant_admin, { name: 'bi' });
  const { host, port, database, login: user, password } = login.body;
  const client = new pg.Client({ host, port, database, user, password });
  client.on('error', () => undefined);
  await client.connect();
  const grant = await withTenant(db.api, tenant.id, (one) => signGrant(one, new Date(Date.now() + 3600_000)));
  const before = await rowsOf(other);

  const asked = await api.call('DELETE', `/v1/tenants/${tenant.id}`, operator);
  expect(asked).toMatchObject({ status: 202, body: { status: 'running', certificate: null } });
  expect(asked.headers.get('location')).toBe(`/v1/tenants/${tenant.id}/offboarding`);
  for (const key of Object.values(tenant.keys)) expect((await api.call('GET', '/v1/metrics', key)).status).toBe(401);
  expect((await client.query('select from events')).rowCount).toBe(0);
  await expect(db.metabase.query("select * from bi.events($1, now(), now(), 'day')", [grant])).rejects.toMatchObject({
    code: '28000',
  });
  expect(await api.call('POST', `/v1/tenants/${tenant.id}/keys`, operator, { name: 'late', scopes: ['read'] })).toMatchObject({
    status: 409,
    body: { code: 'tenant-offboarding' },
  });

  await removal(tenant);
  const left = await rowsOf(tenant);
  expect(Object.entries(left).filter(([, n]) => n > 0)).toEqual([]);
  // The API writes the access log every few seconds.
  expect(await rowsOf(other)).toEqual(before);
  const done = await api.call('GET', `/v1/tenants/${tenant.id}/offboarding`, operator);
  expect(done.body).toMatchObject({
    status: 'completed',
    progress: 100,
    slug: null,
    certificate: { kind: 'offboarding', kept_rows: expect.objectContaining({ offboardings: 1 }) },
  });
  expect(JSON.stringify(done.body)).not.toContain(tenant.slug);
  expect(done.body.certificate.removed).toMatchObject({
    events: 3,
    rule_hits: 3,
    quarantine: 1,
    api_keys: 5,
    sql_logins: 1,
    privacy_requests: 2,
  });
  expect(done.body.certificate.removed['roll-ups']).toBeGreaterThan(0);
  expect((await api.call('GET', `/v1/tenants/${tenant.id}`, operator)).status).toBe(404);
  expect((await db.migrator.query('select from pg_roles where rolname = $1', [user])).rowCount).toBe(0);
  await refreshRollups(jobs());
  expect(Object.values(await rowsOf(tenant)).every((n) => n === 0)).toBe(true);
  const kept = await db.owner.query('select distinct action from private.audit_log where tenant_id = $1', [tenant.id]);
  expect(kept.rows.map(({ action }) => action)).toEqual(expect.arrayContaining(['tenant.removed', 'offboarding.changed']));
});

test('nothing is removed while a transaction runs that began before the tenant was closed', async () => {
  const tenant = await livelyTenant();
  const client = await db.owner.connect();
  try {
    await client.query("begin; insert into private.dirty_hours (hour) values ('2020-01-01')");
    await api.call('DELETE', `/v1/tenants/${tenant.id}`, operator);
    await offboardTenants(jobs());
    expect((await rowsOf(tenant)).events).toBe(3);
    await client.query('rollback');
    await removal(tenant);
    expect((await rowsOf(tenant)).events).toBe(0);
  } finally {
    client.release(true);
  }
});

test('repeated requests make one removal; only the operator may request it, and never for the operations tenant', async () => {
  const tenant = await livelyTenant();
  const [first, again] = [
    await api.call('DELETE', `/v1/tenants/${tenant.id}`, operator),
    await api.call('DELETE', `/v1/tenants/${tenant.id}`, operator),
  ];
  expect(again.body.requested_at).toBe(first.body.requested_at);
  await removal(tenant);
  expect((await api.call('DELETE', `/v1/tenants/${tenant.id}`, operator)).body.status).toBe('completed');
  expect((await api.call('DELETE', '/v1/tenants/00000000-0000-7000-8000-000000000000', operator)).status).toBe(404);
  const other = await makeTenant(db);
  expect((await api.call('DELETE', `/v1/tenants/${other.id}`, other.keys.tenant_admin)).status).toBe(403);
  const { rows } = await db.owner.query("select id from private.tenants where kind = 'operations'");
  expect((await api.call('DELETE', `/v1/tenants/${rows[0].id}`, operator)).body.code).toBe('operations-tenant');
});

test('the jobs remove logins that have expired', async () => {
  const tenant = await makeTenant(db);
  const { body } = await api.call('POST', `/v1/tenants/${tenant.id}/sql-logins`, tenant.keys.tenant_admin, { name: 'bi' });
  await db.owner.query("update private.sql_logins set expires_at = now() - interval '1 second' where id = $1", [body.id]);
  await endSqlLogins(jobs());
  expect((await db.migrator.query('select from pg_roles where rolname = $1', [body.login])).rowCount).toBe(0);
});
