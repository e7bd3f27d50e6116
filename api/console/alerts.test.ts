import { expect, test } from 'vitest';
import { signedIn } from '../../test/support/admin-console.ts';
import { type Json, useApi } from '../../test/support/api.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const api = await useApi(db, { SMTP_URL: 'smtp://127.0.0.1:1', ALERTS_FROM: 'mirante@example.com' });
const tenant = await makeTenant(db);
const other = await makeTenant(db);
const admin = await signedIn(api, tenant);

const list = async (what: 'rules' | 'endpoints' | 'deliveries'): Promise<Json[]> =>
  (await api.call('GET', `/v1/alerts/${what}`, tenant.keys.tenant_admin)).body.data;
const RULE = {
  name: 'Many <failures>',
  metric: 'validations.error_rate',
  filter: 'marketplace = shopee\nroute =',
  condition: 'above',
  threshold: '0,25',
  window_seconds: '3600',
  for_seconds: '300',
  cool_down_seconds: '3600',
  no_data: 'ok',
};

test('endpoints are added, the secret of a webhook is shown once and replaced, and they are deleted', async () => {
  const path = '/app/alerts/endpoints/new';
  const made = await admin.post(`${path}?kind=webhook`, { url: 'https://hooks.example.com/a', description: 'On call' });
  const secret = /whsec_[\w+/=]+/.exec(made.text)?.[0] as string;
  expect(secret).toBeTruthy();
  expect((await admin.post(`${path}?kind=email`, { address: 'ops@example.com' })).location).toBe('/app/alerts');
  const shown = (await admin.get('/app/alerts')).text;
  expect(shown).toContain('ops@example.com');
  expect(shown).not.toContain('whsec_');

  const [webhook, email] = await list('endpoints');
  const renewed = await admin.post(`/app/alerts/endpoints/${webhook.id}/rotate`);
  expect(renewed.text).toContain('whsec_');
  expect(renewed.text).not.toContain(secret);
  expect((await admin.post(`/app/alerts/endpoints/${email.id}/delete`)).location).toBe('/app/alerts');
  expect(await list('endpoints')).toHaveLength(1);

  const wrong = await admin.post(`${path}?kind=email`, { address: 'nowhere' });
  expect(wrong.status).toBe(422);
  expect(wrong.text).toMatch(/aria-invalid="true"[^>]*value="nowhere"/);
});

test('a rule is created, tested, changed, switched off and deleted', async () => {
  const [endpoint] = await list('endpoints');
  const made = await admin.post('/app/alerts/rules/new', { ...RULE, filter: 'marketplace = shopee', notify: endpoint.id });
  expect(made.location).toBe('/app/alerts');
  const [rule] = await list('rules');
  expect(rule).toMatchObject({ threshold: 0.25, filter: { marketplace: 'shopee' }, notify: [endpoint.id], for_seconds: 300 });
  const path = `/app/alerts/rules/${rule.id}`;
  const shown = (await admin.get('/app/alerts')).text;
  expect(shown).toContain('Many &lt;failures&gt;');
  expect(shown).toContain('Not yet known');
  expect((await admin.get(path)).text).toContain('marketplace = shopee');

  expect((await admin.post(`${path}/test`)).location).toBe('/app/alerts/deliveries');
  expect((await admin.get('/app/alerts/deliveries')).text).toContain('alert.test');
  expect((await admin.post(`${path}/test`)).text).toContain('Only one test message per minute');

  await admin.post(path, { ...RULE, filter: '', threshold: '3', notify: endpoint.id });
  await admin.post(`${path}/switch`, { enabled: 'false' });
  expect((await list('rules'))[0]).toMatchObject({ threshold: 3, filter: {}, enabled: false });
  await admin.post(`${path}/delete`);
  expect(await list('rules')).toEqual([]);
});

test('a refused rule keeps what was typed and names the field', async () => {
  const wrong = await admin.post('/app/alerts/rules/new', { ...RULE, filter: 'colour = red', threshold: 'many' });
  expect(wrong.status).toBe(422);
  expect(wrong.text).toMatch(/aria-invalid="true"[^>]*value="many"/);
  const unfit = await admin.post('/app/alerts/rules/new', { ...RULE, filter: 'colour = red' });
  expect(unfit.text).toMatch(/name="filter"[^>]*aria-invalid="true"[^>]*>colour = red/);
});

test('rules and endpoints of another tenant are not there', async () => {
  const body = { kind: 'webhook', url: 'https://hooks.example.com/theirs' };
  const theirs = (await api.call('POST', '/v1/alerts/endpoints', other.keys.tenant_admin, body)).body;
  await admin.post(`/app/alerts/endpoints/${theirs.id}/delete`);
  expect((await admin.post(`/app/alerts/endpoints/${theirs.id}/rotate`)).text).not.toContain('whsec_');
  expect((await api.call('GET', `/v1/alerts/endpoints/${theirs.id}`, other.keys.tenant_admin)).status).toBe(200);
  expect((await admin.get('/app/alerts')).text).not.toContain('theirs');
  expect((await (await signedIn(api, tenant, tenant.keys.read)).get('/app/alerts')).status).toBe(403);
});
