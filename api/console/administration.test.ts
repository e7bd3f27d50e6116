import { expect, test } from 'vitest';
import { servePrivacyRequests } from '../../jobs/privacy/serve-requests.ts';
import { signedIn } from '../../test/support/admin-console.ts';
import { type Json, useApi } from '../../test/support/api.ts';
import { jobDeps, useArchive } from '../../test/support/archive-home.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const archive = await useArchive();
const api = await useApi(db, { MIRANTE_DATA_DIR: archive.folder });
const tenant = await makeTenant(db);
const other = await makeTenant(db);
const admin = await signedIn(api, tenant);
const ask = (path: string): Promise<Json> => api.call('GET', path, tenant.keys.tenant_admin).then(({ body }) => body);

const SCHEMA = JSON.stringify({ type: 'object', properties: { email: { type: 'string' } } });
const TYPE = { type: 'com.example.order.v1', schema: SCHEMA, mode: 'quarantine', subject: 'plain', description: 'An order.' };

test('an event type is created, gets a second version, and its schema is checked without saving', async () => {
  const made = await admin.post('/app/event-types/new', { ...TYPE, personal_fields: '/email\n\n /name ' });
  expect(made.location).toBe('/app/event-types/com.example.order.v1');
  const path = made.location as string;
  expect(await ask('/v1/event-types/com.example.order.v1')).toMatchObject({
    version: 1,
    mode: 'quarantine',
    personal_fields: ['/email', '/name'],
    processing: null,
  });
  const purpose = { purpose: 'Sell', legal_basis: 'contract', data_categories: 'contact, orders', storage_country: 'BR' };
  await admin.post(path, { ...TYPE, mode: 'reject', ...purpose });
  const changed = await ask('/v1/event-types/com.example.order.v1');
  expect(changed).toMatchObject({ version: 2, mode: 'reject', processing: { data_categories: ['contact', 'orders'] } });
  expect((await admin.get('/app/event-types')).text).toContain('com.example.order.v1');

  expect((await admin.get(path)).text).toMatch(/Versions.*<td>2<\/td>.*<td>1<\/td>/s);

  const checked = await admin.post(path, { ...TYPE, mode: 'observe', check: '1' });
  expect(checked.text).toContain('The schema is in order');
  expect((await ask('/v1/event-types/com.example.order.v1')).version).toBe(2);
});

test.each([
  ['{"type": "object",', /This is not JSON: .+/],
  ['[]', /A schema is a JSON object/],
  ['{"type": "strin"}', /class="fault" id="field-schema-fault">[^<]+type/],
])('a schema %s is refused with what is wrong, and stays in the field', async (schema, fault) => {
  for (const form of [
    { ...TYPE, schema, check: '1' },
    { ...TYPE, schema },
  ]) {
    const { status, text } = await admin.post('/app/event-types/new', form);
    expect(status).toBe(422);
    expect(text).toMatch(fault);
    expect(text).toMatch(/name="schema"[^>]*aria-invalid="true"/);
    expect(text).toContain(schema.replaceAll('"', '&quot;'));
  }
});

test('a privacy request is filed, an erasure only when it is meant', async () => {
  const unsure = await admin.post('/app/privacy', { kind: 'erasure', subject: 'customer-42' });
  expect(unsure.status).toBe(422);
  expect(unsure.text).toContain('value="customer-42"');
  const filed = await admin.post('/app/privacy', { kind: 'withdrawal', subject: 'customer-42', reason: 'Ticket 1' });
  const path = filed.location as string;
  expect(path).toMatch(/^\/app\/privacy\//);
  const page = (await admin.get(path)).text;
  expect(page).toContain('Ticket 1');
  expect(page).not.toContain('customer-42');
  expect((await admin.get('/app/privacy')).text).toContain('Withdrawal of consent');
  expect((await admin.post('/app/privacy', { kind: 'erasure', subject: 'b', sure: '1' })).status).toBe(303);
});

test('the files and the certificate of a request are downloaded where it is completed', async () => {
  const event = { type: 'a.v1', id: 'ana-1', source: 'shop', subject: 'ana', data: {} };
  await api.call('POST', '/v1/events', tenant.keys.ingest, [event]);
  const access = (await admin.post('/app/privacy', { kind: 'access', subject: 'ana' })).location as string;
  await servePrivacyRequests(jobDeps(db, archive));
  const file = /href="(\/v1\/privacy\/[^"]+\/events\.json)"/.exec((await admin.get(access)).text)?.[1] as string;
  expect((await admin.get(file)).text).toContain('ana-1');
  const erasure = (await admin.post('/app/privacy', { kind: 'erasure', subject: 'ana', sure: '1' })).location as string;
  await servePrivacyRequests(jobDeps(db, archive));
  expect((await admin.get(erasure)).text).toContain(`href="${erasure}/certificate"`);
  const certificate = await admin.get(`${erasure}/certificate`);
  expect(certificate.headers.get('content-disposition')).toMatch(/^attachment; filename="?certificate-/);
  expect(JSON.parse(certificate.text)).toHaveProperty('removed');
});

test('the audit log shows who did what, page by page', async () => {
  for (const name of ['a', 'b']) await admin.post('/app/keys', { name, scopes: 'read' });
  const { text } = await admin.get('/app/audit?action=key.created');
  expect(text).toContain('You<br>');
  expect((await (await signedIn(api, tenant)).get('/app/audit')).text).toMatch(/0\.\d+@example\.com<br>/);
  expect(text).toContain('<code>key.created</code>');
  expect(text).not.toContain('<code>event_type.changed</code>');
  for (let n = 0; n < 50; n++)
    await api.call('POST', '/v1/members', tenant.keys.tenant_admin, { email: `${n}@example.com`, role: 'viewer' });
  const next = /href="(\/app\/audit\?[^"]*cursor=[^"]+)"/.exec((await admin.get('/app/audit')).text)?.[1] as string;
  expect((await admin.get(next.replaceAll('&amp;', '&'))).status).toBe(200);
});

test('people see and end their other sessions, and nobody else’s', async () => {
  const key = tenant.keys.tenant_admin;
  const [here, there, elsewhere] = [
    await signedIn(api, tenant, key),
    await signedIn(api, tenant, key),
    await signedIn(api, tenant, key),
  ];
  const page = (await here.get('/app/sessions')).text;
  const [one] = [...page.matchAll(/action="(\/app\/sessions\/[\w-]{36}\/end)"/g)].map(([, path]) => path as string);
  expect((await admin.post(one as string)).status).not.toBe(303);
  expect((await there.get('/app/sessions')).status).toBe(200);
  expect((await here.post('/app/sessions/others/end')).location).toBe('/app/sessions');
  for (const ended of [there, elsewhere]) expect((await ended.get('/app/sessions')).location).toContain('/login');
  expect((await here.get('/app/sessions')).text).toContain('This one');
});

test('a SQL login is created with its password shown once, and revoked', async () => {
  const wrong = await admin.post('/app/sql-logins', { name: 'BI', connection_limit: '500', statement_timeout_seconds: '60' });
  expect(wrong.text).toMatch(/name="connection_limit"[^>]*aria-invalid="true"[^>]*value="500"/);
  const made = await admin.post('/app/sql-logins', { name: 'BI', connection_limit: '2', statement_timeout_seconds: '60' });
  expect(made.text).toMatch(/psql -h .+ -U mirante_sql_\w+/);
  const [login] = (await ask(`/v1/tenants/${tenant.id}/sql-logins`)).data;
  expect((await admin.get('/app/sql-logins')).text).toContain(login.login);
  await admin.post(`/app/sql-logins/${login.id}/revoke`);
  expect((await ask(`/v1/tenants/${tenant.id}/sql-logins`)).data[0].revoked_at).not.toBeNull();
});

test('short links are listed and revoked, and the sites that may frame are changed', async () => {
  const links = '/v1/dashboards/validations-overview/links';
  const { body } = await api.call('POST', links, tenant.keys.embed, { params: { marketplace: 'shopee' } });
  const page = (await admin.get('/app/embedding')).text;
  expect(page).toContain(`/s/${body.id.slice(0, 8)}…`);
  expect(page).not.toContain(body.id);
  expect(page).toContain('marketplace = shopee');
  await admin.post(`/app/embedding/validations-overview/${body.id.slice(0, 8)}/revoke`);
  expect((await api.call('GET', links, tenant.keys.embed)).body.data).toEqual([]);

  const wrong = await admin.post('/app/embedding', { embed_origins: 'https://a.example\nnonsense' });
  expect(wrong.text).toMatch(/name="embed_origins"[^>]*aria-invalid="true"[^>]*>https:\/\/a.example\nnonsense</);
  await admin.post('/app/embedding', { embed_origins: 'https://a.example\r\nhttps://b.example' });
  expect((await ask(`/v1/tenants/${tenant.id}`)).embed_origins).toEqual(['https://a.example', 'https://b.example']);
});

test('consent to benchmarks is given and taken back, each with the version of its text', async () => {
  const version = /name="text_version" value="([^"]+)"/.exec((await admin.get('/app/benchmarks')).text)?.[1] as string;
  for (const accepted of ['true', 'false']) await admin.post('/app/benchmarks', { accepted, text_version: version });
  const { history } = await ask('/v1/benchmarks/consent');
  expect(history.map((one: Json) => [one.accepted, one.text_version])).toEqual([
    [false, version],
    [true, version],
  ]);
  expect((await admin.get('/app/benchmarks')).text).toContain('Does not take part');
});

test('a person who does not administer the tenant sees none of it, and nobody sees that of another', async () => {
  const viewer = await signedIn(api, tenant, tenant.keys.read);
  for (const path of ['event-types', 'privacy', 'audit', 'sql-logins', 'embedding'])
    expect([path, (await viewer.get(`/app/${path}`)).status]).toEqual([path, 403]);
  const theirs = { kind: 'access', subject: 'somebody' };
  const request = (await api.call('POST', '/v1/privacy/requests', other.keys.tenant_admin, theirs)).body;
  for (const path of [`privacy/${request.id}`, `privacy/${request.id}/certificate`])
    expect((await admin.get(`/app/${path}`)).status).toBe(404);
});
