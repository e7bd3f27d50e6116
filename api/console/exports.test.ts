import { expect, test } from 'vitest';
import { signedIn } from '../../test/support/admin-console.ts';
import { useApi } from '../../test/support/api.ts';
import { useExports } from '../../test/support/exports.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const exports = await useExports(db);
const api = await useApi(db, { MIRANTE_DATA_DIR: exports.folder, ALERTS_ALLOW_PRIVATE_NETWORKS: '127.0.0.0/8' });
const tenant = await makeTenant(db, { timezone: 'America/Sao_Paulo' });
const other = await makeTenant(db);
const admin = await signedIn(api, tenant);

const YESTERDAY = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
const TODAY = new Date().toISOString().slice(0, 10);
const FORM = { dataset: 'events', format: 'csv', from: YESTERDAY, to: TODAY };

test('an export is asked for, followed, downloaded without a key, continued and deleted', async () => {
  const event = { type: 'com.example.a.v1', source: 'shop', id: 'one', data: {} };
  await api.call('POST', '/v1/events', tenant.keys.ingest, [event, { ...event, id: 'two', type: 'com.example.b.v1' }]);
  const asked = await admin.post('/app/exports', { ...FORM, filter: 'com.example.a.v1' });
  expect(asked.location).toMatch(/^\/app\/exports\/[\w-]{36}$/);
  const path = asked.location as string;
  const job = await api.call('GET', path.replace('/app', '/v1'), tenant.keys.export);
  expect(job.body).toMatchObject({ filter: { type: 'com.example.a.v1' }, from: `${YESTERDAY}T03:00:00.000Z` });
  expect((await admin.get('/app/exports')).text).toMatch(/data-unfinished.*<progress/s);

  await exports.run();
  const done = await admin.get(path);
  expect(done.text).not.toContain('data-unfinished');
  const link = /href="(\/v1\/exports\/[^"]+token=[^"]+)"/.exec(done.text)?.[1] as string;
  const file = await api.call('GET', link);
  expect(file.status).toBe(200);
  expect(file.text).toContain('"one"');
  expect(file.text).not.toContain('"two"');

  expect((await admin.post(`${path}/continue`, { format: 'csv' })).location).toMatch(/^\/app\/exports\//);
  expect((await admin.post(`${path}/delete`)).location).toBe('/app/exports');
  expect((await api.call('GET', link)).status).toBe(404);
});

test('a refused form keeps what was typed and names the field', async () => {
  const wrong = await admin.post('/app/exports', { ...FORM, from: TODAY, to: '2020-01-01', filter: 'a"b' });
  expect(wrong.status).toBe(422);
  expect(wrong.text).toContain('value="a&quot;b"');
  expect(wrong.text).toMatch(/aria-invalid="true"/);
});

test('the secret of a new webhook is shown once', async () => {
  const made = await admin.post('/app/exports', { ...FORM, format: 'excel', notify_url: 'https://hooks.example.com/x' });
  expect(made.text).toContain('whsec_');
});

test('an export of another tenant is not there, and a person without the right sees no page', async () => {
  const window = { from: `${YESTERDAY}T00:00:00Z`, to: `${TODAY}T00:00:00Z` };
  const theirs = await api.call('POST', '/v1/exports', other.keys.export, { dataset: 'events', format: 'csv', ...window });
  expect((await admin.get(`/app/exports/${theirs.body.id}`)).status).toBe(404);
  await admin.post(`/app/exports/${theirs.body.id}/delete`);
  expect((await api.call('GET', `/v1/exports/${theirs.body.id}`, other.keys.export)).body.status).toBe('queued');
  expect((await (await signedIn(api, tenant, tenant.keys.read)).get('/app/exports')).status).toBe(403);
});
