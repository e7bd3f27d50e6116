import { randomBytes } from 'node:crypto';
import { v4 } from 'uuid';
import { expect, test } from 'vitest';
import { type Json, useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);
const operator = await makeOperatorKey(db);

const slug = () => `s-${randomBytes(5).toString('hex')}`;
const make = (body: object, headers: Record<string, string> = {}) => api.call('POST', '/v1/tenants', operator, body, headers);

test('a tenant is created, read, changed and listed', async () => {
  const body = {
    slug: slug(),
    name: 'Loja',
    country: 'BR',
    timezone: 'America/Sao_Paulo',
    locale: 'pt-BR',
    features: { benchmarks: false },
    attributes: { segment: 'fashion', size: 'small' },
  };
  const made = await make(body);
  expect([made.status, made.headers.get('location')]).toEqual([201, `/v1/tenants/${made.body.id}`]);
  const features = { dashboards: true, benchmarks: false, exports: true, sql_access: true };
  expect(made.body).toMatchObject({ ...body, features, kind: 'customer', limits: {}, raw_retention_days: null });
  expect(made.body.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  expect(made.body.created_at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

  const path = `/v1/tenants/${made.body.id}`;
  expect((await api.call('GET', path, operator)).body).toEqual(made.body);
  const changed = await api.call('PATCH', path, operator, {
    name: 'Loja 2',
    country: null,
    features: { exports: false },
    limits: { events_per_second: 5 },
  });
  expect(changed.status).toBe(200);
  expect(changed.body).toMatchObject({
    name: 'Loja 2',
    country: null,
    timezone: 'America/Sao_Paulo',
    limits: { events_per_second: 5 },
  });
  expect(changed.body.features).toEqual({ ...features, exports: false });
  expect((await api.call('PATCH', path, operator, { slug: 'other' })).body.errors[0].code).toBe('unrecognized-keys');
  expect((await api.call('PATCH', `/v1/tenants/${v4()}`, operator, { name: 'x' })).status).toBe(404);
  expect((await api.call('GET', `/v1/tenants/${v4()}`, operator)).status).toBe(404);
  expect((await api.call('GET', '/v1/tenants/no-uuid', operator)).status).toBe(400);
});

test('the list has pages', async () => {
  await make({ slug: slug(), name: 'One' });
  await make({ slug: slug(), name: 'Two' });
  const whole: Json[] = (await api.call('GET', '/v1/tenants?limit=1000', operator)).body.data;
  const seen: string[] = [];
  let path = '/v1/tenants?limit=2';
  while (path) {
    const answer = await api.call('GET', path, operator);
    expect(answer.body.data.length).toBeLessThanOrEqual(2);
    seen.push(...answer.body.data.map((row: Json) => row.id));
    path = /<(.*)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1] ?? '';
    expect(path === '').toBe(answer.body.next_cursor === null);
  }
  expect(seen).toEqual(whole.map((row) => row.id));
});

test('a slug belongs to one tenant', async () => {
  const body = { slug: slug(), name: 'First' };
  await make(body);
  const second = await make({ ...body, name: 'Second' });
  expect([second.status, second.body.code]).toEqual([409, 'slug-taken']);
  const race = await Promise.all(Array.from({ length: 5 }, () => make({ slug: 'raced', name: 'x' })));
  expect(race.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
});

test('a time zone whose offset is not whole hours, now or in summer, is refused with an explanation', async () => {
  for (const timezone of ['Asia/Kolkata', 'Asia/Kathmandu', 'Australia/Adelaide', 'Australia/Lord_Howe', 'America/St_Johns']) {
    const refused = await make({ slug: slug(), name: 'x', timezone });
    expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, '/timezone']);
    expect(refused.body.errors[0].detail).toContain('not a whole number of hours');
  }
  expect((await make({ slug: slug(), name: 'x', timezone: 'Mars/Base' })).body.errors[0].detail).toContain('IANA');
  for (const timezone of ['UTC', 'Europe/London', 'Pacific/Auckland']) {
    expect((await make({ slug: slug(), name: 'x', timezone })).status).toBe(201);
  }
});

test('origins that may frame a page must be https or localhost, without path, user or wildcard', async () => {
  const embed_origins = ['https://app.example', 'https://app.example:8443', 'http://localhost:3000', 'http://127.0.0.1:8080'];
  const made = await make({ slug: slug(), name: 'x', embed_origins });
  expect(made.body.embed_origins).toEqual(embed_origins);
  const path = `/v1/tenants/${made.body.id}`;
  expect((await api.call('PATCH', path, operator, { name: 'y' })).body.embed_origins).toEqual(embed_origins);
  for (const bad of [
    'http://app.example',
    'http://127.0.0.1.example',
    'https://app.example/',
    'https://*.example',
    "https://a.example; script-src 'unsafe-inline'",
    "'self'",
    '*',
    'null',
    'https://user@app.example',
  ]) {
    expect((await api.call('PATCH', path, operator, { embed_origins: [bad] })).status, bad).toBe(400);
  }
  const many = Array.from({ length: 21 }, (_, n) => `https://a${n}.example`);
  expect((await api.call('PATCH', path, operator, { embed_origins: many })).status).toBe(400);
  expect((await api.call('PATCH', path, operator, { embed_origins: [] })).body.embed_origins).toEqual([]);
});

test('an administrator of a tenant reads only its own tenant, and changes only its origins', async () => {
  const [own, other] = [await makeTenant(db), await makeTenant(db)];
  const path = `/v1/tenants/${own.id}`;
  const change = { embed_origins: ['https://app.example'] };
  expect((await api.call('PATCH', path, own.keys.tenant_admin, change)).body).toMatchObject({ id: own.id, ...change });
  expect((await api.call('GET', path, own.keys.tenant_admin)).body).toMatchObject(change);
  for (const more of [{ name: 'x' }, { limits: { events_per_second: 9 } }, { ...change, features: { exports: true } }])
    expect((await api.call('PATCH', path, own.keys.tenant_admin, more)).body.code).toBe('wrong-scope');
  expect((await api.call('PATCH', path, own.keys.read, change)).status).toBe(403);
  for (const method of ['GET', 'PATCH'])
    expect((await api.call(method, path, other.keys.tenant_admin, method === 'GET' ? undefined : change)).status).toBe(404);
});

test('each invalid member is named', async () => {
  const bad = {
    slug: 'No Slug',
    name: '',
    country: 'br',
    locale: 'fr',
    features: { x: true },
    limits: { events_per_month: 0 },
    raw_retention_days: 0,
  };
  const answer = await make(bad);
  expect(answer.status).toBe(400);
  expect(answer.body.errors.map((fault: Json) => fault.pointer).sort()).toEqual(
    ['/slug', '/name', '/country', '/locale', '/features', '/limits/events_per_month', '/raw_retention_days'].sort(),
  );
});

test('two requests with one Idempotency-Key create one tenant', async () => {
  const [body, headers] = [{ slug: slug(), name: 'Once' }, { 'idempotency-key': v4() }];
  const first = await make(body, headers);
  const again = await make(body, headers);
  expect([again.status, again.body, again.headers.get('location')]).toEqual([201, first.body, first.headers.get('location')]);
  expect((await make({ ...body, name: 'Other' }, headers)).body.code).toBe('idempotency-mismatch');
  expect((await make(body, { 'idempotency-key': 'x'.repeat(256) })).status).toBe(400);
});

test('no customer key can read or change tenants', async () => {
  const customer = await makeTenant(db);
  for (const key of Object.values(customer.keys)) {
    expect((await api.call('GET', '/v1/tenants', key)).status).toBe(403);
    if (key !== customer.keys.tenant_admin) expect((await api.call('GET', `/v1/tenants/${customer.id}`, key)).status).toBe(403);
    expect((await api.call('POST', '/v1/tenants', key, { slug: slug(), name: 'x' })).status).toBe(403);
  }
});

test('the operator cannot read the content of events', async () => {
  for (const path of ['/v1/events', '/v1/quarantine', '/v1/metrics/events.count', '/v1/event-types']) {
    expect([path, (await api.call('GET', path, operator)).status]).toEqual([path, 403]);
  }
  expect((await api.call('POST', '/v1/events', operator, { type: 'a' })).status).toBe(403);
});
