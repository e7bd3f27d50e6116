import { expect, test, vi } from 'vitest';
import { restoreArchive, verifyArchive } from '../jobs/archive/check.ts';
import { runRetention } from '../jobs/archive/run-retention.ts';
import { servePrivacyRequests } from '../jobs/privacy/serve-requests.ts';
import { offboardTenants } from '../jobs/tenants/offboard.ts';
import { listArchiveFiles } from '../sql/archive/files.ts';
import { prefixOfTenant } from '../sql/archive/home.ts';
import { type Json, useApi } from './support/api.ts';
import { jobDeps, useArchive } from './support/archive-home.ts';
import { eventsOf, fillDays, RETENTION } from './support/archived-events.ts';
import { makeOperatorKey, makeTenant, type TestTenant, useDatabase } from './support/harness.ts';

const db = await useDatabase();
const archive = await useArchive();
const api = await useApi(db, { MIRANTE_DATA_DIR: archive.folder });

const jobs = () => jobDeps(db, archive);
const archived = () => runRetention({ ...jobs(), config: RETENTION });
const filesOf = (tenant: TestTenant) => listArchiveFiles(db.owner, { tenantId: tenant.id });
const objectsOf = async (tenant: TestTenant) => {
  const names: string[] = [];
  for await (const { name } of archive.store.list(prefixOfTenant(tenant.id))) names.push(name);
  return names.sort();
};

async function served(tenant: TestTenant, kind: string, subject: string): Promise<Json> {
  const asked = await api.call('POST', '/v1/privacy/requests', tenant.keys.tenant_admin, { kind, subject });
  await servePrivacyRequests(jobs());
  return (await api.call('GET', `/v1/privacy/requests/${asked.body.id}`, tenant.keys.tenant_admin)).body;
}

// The pseudonym of a person, found by sending an event.
async function pseudonymOf(tenant: TestTenant, subject: string): Promise<string> {
  await api.call('POST', '/v1/events', tenant.keys.ingest, { type: 'probe.v1', subject });
  const { rows } = await db.owner.query("select subject from private.events where tenant_id = $1 and type = 'probe.v1'", [
    tenant.id,
  ]);
  return rows[0]?.subject;
}

async function settle(): Promise<{ tenant: TestTenant; all: string[]; mine: number }> {
  const tenant = await makeTenant(db);
  const hash = await pseudonymOf(tenant, 'ana');
  await fillDays(db, tenant.id, { from: 60, to: 57, count: 4 });
  // As the subject, in a field, and alone in a file.
  const named = await db.owner.query(
    `update private.events set subject = case when type = '..' then subject else $2 end,
       data = case when type = '..' then jsonb_build_object('who', $2::text) else data end
     where tenant_id = $1 and time < now() - interval '40 days' and (type = '..' and event_id is null or type like 'ü%')`,
    [tenant.id, hash],
  );
  const all = await eventsOf(db, tenant.id);
  return { tenant, all, mine: named.rowCount ?? 0 };
}

test('an erasure removes a person from archived files, which are rewritten, proved and named in the certificate; an access copy has them before', async () => {
  const { tenant, mine } = await settle();
  const other = await settle();
  await archived();
  const { table } = await restoreArchive(jobs(), { tenantId: tenant.id, from: '2020-01-01', to: '2099-01-01' }, new Date());
  const restored = await eventsOf(db, tenant.id, table);

  const { bundle } = await served(tenant, 'access', 'ana');
  const file = bundle.files.find(({ name }: Json) => name === 'archive.json');
  expect(file.rows).toBe(mine);
  const copy = (await api.call('GET', file.url, tenant.keys.tenant_admin)).body;
  expect(copy).toHaveLength(mine);
  expect(new Set(copy.map(({ type }: Json) => type.slice(0, 2)))).toEqual(new Set(['..', 'üü']));

  const before = await objectsOf(tenant);
  const { certificate } = await served(tenant, 'erasure', 'ana');
  // The scratch table may hold personal data, too.
  expect(certificate.removed).toMatchObject({ events: 1, archive: 2 * mine });
  expect(certificate.archive_files.reduce((sum: number, { removed }: Json) => sum + removed, 0)).toBe(mine);
  expect(certificate.archive_files).toHaveLength(6);
  const after = await objectsOf(tenant);
  expect(after).toHaveLength(before.length - 3);
  expect(after.filter((name) => !before.includes(name))).toHaveLength(3);
  expect(await verifyArchive(jobs())).toMatchObject({ faults: [] });
  const again = await restoreArchive(jobs(), { tenantId: tenant.id, from: '2020-01-01', to: '2099-01-01' }, new Date());
  const left = await eventsOf(db, tenant.id, again.table);
  expect(left).toEqual(await eventsOf(db, tenant.id, table));
  expect([left.length, left.some((row) => row.includes('psn_'))]).toEqual([restored.length - mine, false]);
  expect((await served(tenant, 'access', 'ana')).bundle.files.find(({ name }: Json) => name === 'archive.json').rows).toBe(0);
  expect(
    (await served(other.tenant, 'access', 'ana')).bundle.files.find(({ name }: Json) => name === 'archive.json').rows,
  ).toBe(other.mine);
}, 60_000);

test('an erasure between the copy to the archive and the drop reaches both, and the rest is archived', async () => {
  const { tenant, all, mine } = await settle();
  const away = { ...archive.store, put: () => Promise.reject(new Error('the store is full')) };
  let stored = 0;
  const half = {
    ...archive.store,
    put: (name: string, path: string) => (++stored > 5 ? away.put() : archive.store.put(name, path)),
  };
  await expect(runRetention({ ...jobs(), config: RETENTION, archive: { ...archive, store: half } })).rejects.toThrow(
    'the store is full',
  );
  expect((await filesOf(tenant)).map(({ status }) => status)).toEqual(Array(5).fill('proved'));
  expect(await eventsOf(db, tenant.id)).toEqual(all);
  const { certificate } = await served(tenant, 'erasure', 'ana');
  expect(certificate.removed.events).toBe(mine + 1);
  expect(certificate.removed.archive).toBeGreaterThan(0);
  const run = await archived();
  expect(run.files).toBeGreaterThan(0);
  expect((await filesOf(tenant)).reduce((sum, { rows }) => sum + rows, 0)).toBe(all.length - 1 - mine);
  expect(await verifyArchive(jobs())).toMatchObject({ faults: [] });
  expect(await objectsOf(tenant)).toEqual((await filesOf(tenant)).map(({ name }) => name).sort());
}, 60_000);

test('removing a tenant deletes all its archive files, including those that no manifest lists', async () => {
  const { tenant } = await settle();
  const other = await settle();
  await archived();
  const kept = await objectsOf(other.tenant);
  const objects = await objectsOf(tenant);
  await restoreArchive(jobs(), { tenantId: tenant.id, from: '2020-01-01', to: '2099-01-01' }, new Date());
  const operator = await makeOperatorKey(db);
  await api.call('DELETE', `/v1/tenants/${tenant.id}`, operator);
  const proof = await vi.waitFor(async () => {
    await offboardTenants(jobs());
    const { body } = await api.call('GET', `/v1/tenants/${tenant.id}/offboarding`, operator);
    expect(body.status).toBe('completed');
    return body.certificate;
  }, 100_000);
  expect(proof.removed['files of the archive']).toBe(objects.length);
  expect(proof.removed.archive_files).toBe(objects.length);
  expect([await objectsOf(tenant), await filesOf(tenant)]).toEqual([[], []]);
  expect(await objectsOf(other.tenant)).toEqual(kept);
  const { rows } = await db.owner.query("select tablename as name from pg_tables where tablename ~ '^restored_'");
  for (const { name } of rows) expect(await eventsOf(db, tenant.id, `private.${name}`)).toEqual([]);
}, 60_000);
