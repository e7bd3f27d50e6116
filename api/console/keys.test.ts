import { expect, test } from 'vitest';
import { signedIn } from '../../test/support/admin-console.ts';
import { type Json, useApi } from '../../test/support/api.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);
const tenant = await makeTenant(db, { timezone: 'America/Sao_Paulo' });
const other = await makeTenant(db);
const admin = await signedIn(api, tenant);

const KEY = /mir_[a-z_-]+_[\w-]{20,}/;

const keysOf = async () =>
  (await api.call('GET', `/v1/tenants/${tenant.id}/keys`, tenant.keys.tenant_admin)).body.data as Json[];

test('a key is made, shown once, listed with its last use, and revoked', async () => {
  const made = await admin.post('/app/keys', [
    ['name', 'Shop & co'],
    ['scopes', 'ingest'],
    ['scopes', 'read'],
    ['expires_at', '2027-03-01'],
  ]);
  expect(made.status).toBe(200);
  const key = KEY.exec(made.text)?.[0] as string;
  expect((await api.call('GET', '/v1/metrics', key)).status).toBe(200);
  const row = (await keysOf()).find(({ name }) => name === 'Shop & co');
  expect(row).toMatchObject({ scopes: ['ingest', 'read'], expires_at: '2027-03-02T03:00:00.000Z' });

  const list = await admin.get('/app/keys');
  expect(list.text).toContain('Shop &amp; co');
  expect(list.text).not.toContain(key);
  expect((await admin.post(`/app/keys/${row.id}/revoke`)).location).toBe('/app/keys');
  expect((await api.call('GET', '/v1/metrics', key)).status).toBe(401);
  expect((await admin.get('/app/keys')).text).toContain('Revoked');
});

test('a refused form keeps what was typed and ticked, and names the field', async () => {
  const wrong = await admin.post('/app/keys', { name: 'Old', scopes: 'export', expires_at: '2020-01-01' });
  expect(wrong.status).toBe(422);
  expect(wrong.text).toMatch(/aria-invalid="true"[^>]*value="2020-01-01"/);
  expect(wrong.text).toMatch(/value="export" checked/);
  expect(wrong.text).not.toMatch(/value="ingest" checked/);
  expect((await admin.post('/app/keys', { name: 'None' })).text).toMatch(/<fieldset.*class="fault".*<\/fieldset>/s);
});

test('a form that is sent twice makes one key, and says that it was shown', async () => {
  const form = { name: 'Twice', scopes: 'read', _once: 'abcdefghijklmnop1234' };
  expect((await admin.post('/app/keys', form)).text).toMatch(KEY);
  const again = await admin.post('/app/keys', form);
  expect(again.text).not.toMatch(KEY);
  expect(again.text).toContain('already shown');
  expect((await keysOf()).filter(({ name }) => name === 'Twice')).toHaveLength(1);
});

test('nobody makes, sees or revokes keys without the right to, or those of another tenant', async () => {
  const viewer = await signedIn(api, tenant, tenant.keys.read);
  for (const path of ['/app/keys', '/app/start']) {
    expect((await viewer.get(path)).status).toBe(403);
    expect((await viewer.post(path, { name: 'x', scopes: 'read' })).status).toBe(403);
  }
  const [theirs] = (await api.call('GET', `/v1/tenants/${other.id}/keys`, other.keys.tenant_admin)).body.data;
  expect((await admin.post(`/app/keys/${theirs.id}/revoke`)).status).toBe(422);
  const after = (await api.call('GET', `/v1/tenants/${other.id}/keys`, other.keys.tenant_admin)).body.data;
  expect(after.find(({ id }: Json) => id === theirs.id).revoked_at).toBeNull();
});

test('first steps give a key and a command that works', async () => {
  expect((await admin.get('/app/start')).text).toContain('YOUR_KEY');
  const { text } = await admin.post('/app/start');
  const key = KEY.exec(text)?.[0] as string;
  const body = /-d &#39;(.+?)&#39;/.exec(text)?.[1]?.replaceAll('&quot;', '"');
  expect((await api.call('POST', '/v1/events', key, body)).body).toMatchObject({ received: 1, accepted: 1 });
  expect((await api.call('GET', '/v1/metrics', key)).status).toBe(403);
});
