import { expect, test } from 'vitest';
import { restoreArchive, verifyArchive } from '../jobs/archive/check.ts';
import { runRetention } from '../jobs/archive/run-retention.ts';
import { rewriteFields } from '../jobs/privacy/rewrite-fields.ts';
import { servePrivacyRequests } from '../jobs/privacy/serve-requests.ts';
import { type Json, useApi } from './support/api.ts';
import { jobDeps, useArchive } from './support/archive-home.ts';
import { eventsOf, fillDays, RETENTION } from './support/archived-events.ts';
import { makeTenant, type TestTenant, useDatabase } from './support/harness.ts';

const ANA = 'ana@example.com';
const TYPE = 'a.plain.v1';

const db = await useDatabase();
const archive = await useArchive();
const api = await useApi(db, { MIRANTE_DATA_DIR: archive.folder });
const jobs = () => jobDeps(db, archive);

const put = (tenant: TestTenant, body: object, type = TYPE) =>
  api.call('PUT', `/v1/event-types/${type}`, tenant.keys.tenant_admin, { schema: {}, mode: 'observe', ...body });
const rewriteNow = async () => {
  await db.owner.query(
    "update private.field_rewrites set requested_at = requested_at - interval '1 minute' where completed_at is null",
  );
  await rewriteFields(jobs());
};
const served = async (tenant: TestTenant, kind: string): Promise<Json> => {
  const asked = await api.call('POST', '/v1/privacy/requests', tenant.keys.tenant_admin, { kind, subject: ANA });
  await servePrivacyRequests(jobs());
  return (await api.call('GET', `/v1/privacy/requests/${asked.body.id}`, tenant.keys.tenant_admin)).body;
};
const rowsOf = ({ bundle }: Json, name: string) => bundle.files.find((file: Json) => file.name === `${name}.json`).rows;

/** Events of two people in a field that nothing declares, in the database and in the archive. */
async function settle(): Promise<TestTenant> {
  const tenant = await makeTenant(db);
  await put(tenant, {});
  await fillDays(db, tenant.id, { from: 44, to: 42, count: 4 });
  await db.owner.query(
    `update private.events set data = jsonb_build_object('email', case when duration_ms = 0.1 then $2 else 'bo@example.com' end, 'n', 1.10)
     where tenant_id = $1 and type = $3`,
    [tenant.id, ANA, TYPE],
  );
  await runRetention({ ...jobs(), config: RETENTION });
  const time = new Date().toISOString();
  const sent = ['1', '2'].map((id) => ({
    type: TYPE,
    id,
    time,
    subject: id,
    data: { email: id === '1' ? ANA : 'bo@example.com' },
  }));
  expect((await api.call('POST', '/v1/events', tenant.keys.ingest, sent)).body).toMatchObject({ accepted: 2 });
  return tenant;
}

test('fields that are declared later are searched at once, and their stored values become pseudonyms everywhere', async () => {
  const tenant = await settle();
  expect(rowsOf(await served(tenant, 'access'), 'events')).toBe(0);
  const { status, body } = await put(tenant, { personal_fields: ['/email'] });
  expect([status, body.rewrite]).toMatchObject([201, { progress: 0, completed_at: null }]);
  // Other processes may still store plain values, so nothing happens for some seconds.
  await rewriteFields(jobs());
  const before = await served(tenant, 'access');
  expect([rowsOf(before, 'events'), rowsOf(before, 'archive')]).toEqual([1, 8]);

  await rewriteNow();
  const { rewrite } = (await api.call('GET', `/v1/event-types/${TYPE}`, tenant.keys.tenant_admin)).body;
  expect(rewrite).toMatchObject({ progress: 100, rows: 18, files: 2 });
  expect(rewrite.completed_at).not.toBeNull();
  expect(await verifyArchive(jobs())).toMatchObject({ faults: [] });
  const { table } = await restoreArchive(jobs(), { tenantId: tenant.id, from: '2020-01-01', to: '2099-01-01' }, new Date());
  const everything = [...(await eventsOf(db, tenant.id)), ...(await eventsOf(db, tenant.id, table))].join('\n');
  expect(everything).not.toMatch(/example\.com/);
  expect(everything.match(/1\.10, "+email"+: "+psn_/g)).toHaveLength(16);

  const after = await served(tenant, 'access');
  expect([rowsOf(after, 'events'), rowsOf(after, 'archive')]).toEqual([1, 8]);
  // The same event is recognised in its new form.
  const again = (await api.call('GET', '/v1/events?limit=1', tenant.keys.read)).body.data[0];
  expect(again.data.email).toMatch(/^psn_/);
  const { certificate } = await served(tenant, 'erasure');
  expect(certificate.removed).toMatchObject({ events: 1 });
  expect(rowsOf(await served(tenant, 'access'), 'archive')).toBe(0);
}, 90_000);

test('an erasure before the rewrite finds plain values at declared positions only', async () => {
  const tenant = await settle();
  await put(tenant, { personal_fields: ['/email'] });
  const { certificate } = await served(tenant, 'erasure');
  expect(certificate.removed).toMatchObject({ events: 1, archive: 8 });
  const left = (await eventsOf(db, tenant.id)).join('\n');
  expect(left).toContain('bo@example.com');
  expect(left).not.toContain(ANA);
  await rewriteNow();
}, 90_000);

test('a dimension of stored events cannot become personal, and a type without events needs no rewrite', async () => {
  const tenant = await makeTenant(db);
  const [type, fresh] = ['dim.v1', 'fresh.v1'];
  await api.call('POST', '/v1/events', tenant.keys.ingest, { type, data: { marketplace: 'x' } });
  const refused = await put(tenant, { personal_fields: ['/marketplace'] }, type);
  expect([refused.status, refused.body.code]).toEqual([409, 'dimension-in-use']);
  expect((await put(tenant, { personal_fields: ['/marketplace'] }, fresh)).body.rewrite).toBeUndefined();
});
