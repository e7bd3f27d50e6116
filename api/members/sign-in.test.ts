import { beforeEach, describe, expect, test } from 'vitest';
import { type Json, type TestApi, useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, type TestTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const operator = await makeOperatorKey(db);
let api: TestApi;
let tenant: TestTenant;
let rival: TestTenant;

beforeEach(async () => {
  api = await useApi(db, { TRUSTED_PROXIES: '127.0.0.1,::1' });
  [tenant, rival] = [await makeTenant(db), await makeTenant(db)];
});

type Visit = { status: number; location: string | null; cookie: string | undefined; text: string; body: Json };

/** A request as a browser sends it: with its cookie, and without following redirects. */
async function visit(
  method: string,
  path: string,
  options: { cookie?: string | undefined; form?: object; headers?: object; json?: object } = {},
): Promise<Visit> {
  const { cookie, form, headers, json } = options;
  const response = await fetch(api.url + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(cookie && { cookie }),
      ...(method !== 'GET' && { 'sec-fetch-site': 'same-origin' }),
      ...(json && { 'content-type': 'application/json' }),
      ...headers,
    } as Record<string, string>,
    ...(form && { body: new URLSearchParams(form as Record<string, string>) }),
    ...(json && { body: JSON.stringify(json) }),
  });
  const text = await response.text();
  const set = response.headers.get('set-cookie') ?? undefined;
  const isJson = response.headers.get('content-type')?.includes('json');
  return {
    status: response.status,
    location: response.headers.get('location'),
    cookie: set,
    text,
    body: isJson ? JSON.parse(text) : undefined,
  };
}

const pairOf = (set: string | undefined) => set?.split(';')[0];

async function signInWith(key: string): Promise<string> {
  const { status, cookie } = await visit('POST', '/login', { form: { key } });
  expect(status).toBe(303);
  return pairOf(cookie) as string;
}

async function addMember(role: string, email = `${role}@example.com`): Promise<Json> {
  const made = await api.call('POST', '/v1/members', tenant.keys.tenant_admin, { email, role });
  expect(made.status, made.text).toBe(201);
  return made.body;
}

async function memberCookie(id: string): Promise<string> {
  const link = await api.call('POST', `/v1/members/${id}/login-links`, tenant.keys.tenant_admin);
  expect(link.status, link.text).toBe(201);
  const { status, cookie, location } = await visit('GET', link.body.url);
  expect([status, location]).toEqual([303, '/app']);
  return pairOf(cookie) as string;
}

describe('with a key', () => {
  test('the form gives a cookie that scripts cannot read, and /v1/session says who is signed in', async () => {
    const page = await visit('GET', '/login?next=/app/events');
    expect(page.status).toBe(200);
    expect(page.text).toContain('name="next" value="/app/events"');
    const { status, location, cookie } = await visit('POST', '/login', {
      form: { key: tenant.keys.read, next: '/app/events' },
    });
    expect([status, location]).toEqual([303, '/app/events']);
    expect(cookie).toMatch(/^mirante_session=[\w-]{32}; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/);
    const { body } = await visit('GET', '/v1/session', { cookie: pairOf(cookie) });
    expect(body).toEqual({
      tenant: { id: tenant.id, slug: tenant.slug, name: expect.any(String) },
      role: 'viewer',
      scopes: ['read'],
      expires_at: expect.any(String),
    });
    expect((await visit('GET', '/v1/metrics/events.count', { cookie: pairOf(cookie) })).status).toBe(200);
    expect((await visit('GET', '/v1/members', { cookie: pairOf(cookie) })).status).toBe(403);
  });

  test('a wrong one is answered with the form, counted by address, and in the operator’s audit log', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.9' };
    const wrong = await visit('POST', '/login', { form: { key: 'mir_read_nope' }, headers });
    expect([wrong.status, wrong.cookie]).toEqual([401, undefined]);
    expect(wrong.text).toContain('This key does not work.');
    for (let n = 1; n < 10; n++) await visit('POST', '/login', { form: { key: 'mir_read_nope' }, headers });
    expect((await visit('POST', '/login', { form: { key: tenant.keys.read }, headers })).status).toBe(429);
    expect((await visit('POST', '/login', { form: { key: tenant.keys.read } })).status).toBe(303);
    const log =
      "select action, tenant_id from private.audit_log where action like 'session.%' order by seq desc offset 1 limit 1";
    const operations = "select id from private.tenants where kind = 'operations'";
    const { id } = (await db.owner.query(operations)).rows[0];
    expect((await db.owner.query(log)).rows).toEqual([{ action: 'session.refused', tenant_id: id }]);
  });

  test('a session ends with its key, and goes nowhere but to this site', async () => {
    const cookie = await signInWith(tenant.keys.read);
    const keys = await api.call('GET', `/v1/tenants/${tenant.id}/keys`, operator);
    const { id } = keys.body.data.find((key: Json) => key.scopes.includes('read'));
    await db.owner.query('update private.api_keys set revoked_at = now() where id = $1', [id]);
    await expect.poll(async () => (await visit('GET', '/v1/session', { cookie })).status, { timeout: 10_000 }).toBe(401);
    for (const next of ['https://evil.example/', '//evil.example/x', '/\\evil.example']) {
      const { location } = await visit('POST', '/login', { form: { key: rival.keys.read, next } });
      expect(new URL(location as string, api.url).origin).toBe(api.url);
    }
  });
});

describe('with a one-time link', () => {
  test('it works once', async () => {
    const { id } = await addMember('admin');
    const link = await api.call('POST', `/v1/members/${id}/login-links`, tenant.keys.tenant_admin);
    expect((await visit('GET', link.body.url)).status).toBe(303);
    const again = await visit('GET', link.body.url);
    expect([again.status, again.cookie]).toEqual([401, undefined]);
    expect(again.text).toContain('This link was used already or has expired.');
  });

  test('a member has what the role allows; a new role and a removal hold at once', async () => {
    const { id } = await addMember('viewer');
    const cookie = await memberCookie(id);
    const session = await visit('GET', '/v1/session', { cookie });
    expect(session.body).toMatchObject({ role: 'viewer', scopes: ['read'], member: { id, email: 'viewer@example.com' } });
    expect((await api.call('PATCH', `/v1/members/${id}`, tenant.keys.tenant_admin, { role: 'admin' })).body.role).toBe('admin');
    await expect.poll(async () => (await visit('GET', '/v1/members', { cookie })).status, { timeout: 10_000 }).toBe(200);
    expect((await api.call('DELETE', `/v1/members/${id}`, tenant.keys.tenant_admin)).status).toBe(204);
    await expect.poll(async () => (await visit('GET', '/v1/session', { cookie })).status, { timeout: 10_000 }).toBe(401);
  });

  test('members are a tenant’s own, addresses are unique, and only the platform has operators', async () => {
    const { id } = await addMember('admin', 'Ada@Example.com');
    expect((await api.call('POST', '/v1/members', tenant.keys.tenant_admin, { email: 'ada@example.com' })).status).toBe(409);
    expect((await api.call('PATCH', `/v1/members/${id}`, rival.keys.tenant_admin, { role: 'viewer' })).status).toBe(404);
    expect((await api.call('DELETE', `/v1/members/${id}`, rival.keys.tenant_admin)).status).toBe(404);
    expect((await api.call('POST', `/v1/members/${id}/login-links`, rival.keys.tenant_admin)).status).toBe(404);
    expect((await api.call('GET', '/v1/members', rival.keys.tenant_admin)).body.data).toEqual([]);
    expect(
      (await api.call('POST', '/v1/members', tenant.keys.tenant_admin, { email: 'o@example.com', role: 'operator' })).status,
    ).toBe(400);
    expect((await api.call('POST', '/v1/members', operator, { email: 'op@example.com' })).body.role).toBe('operator');
    const keys = await api.call('GET', `/v1/tenants/${tenant.id}/keys`, tenant.keys.tenant_admin);
    expect(keys.body.data.map(({ name }: Json) => name).join()).not.toContain('member');
  });
});

describe('a session', () => {
  test('changes nothing for another site', async () => {
    const { id } = await addMember('admin');
    const cookie = await memberCookie(id);
    const json = { email: 'new@example.com' };
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }]) {
      const refused = await visit('POST', '/v1/members', { cookie, json, headers });
      expect([refused.status, refused.body.code]).toEqual([403, 'cross-site']);
    }
    expect((await visit('POST', '/v1/members', { cookie, json })).status).toBe(201);
  });

  test('is listed and ended by its holder, and by signing out', async () => {
    const { id } = await addMember('viewer');
    const [one, two] = [await memberCookie(id), await memberCookie(id)];
    const { body } = await visit('GET', '/v1/sessions', { cookie: one });
    expect(body.data.map(({ current }: Json) => current)).toEqual([false, true]);
    const other = body.data.find(({ current }: Json) => !current);
    expect((await visit('DELETE', `/v1/sessions/${other.id}`, { cookie: one })).status).toBe(204);
    expect((await visit('GET', '/v1/session', { cookie: two })).status).toBe(401);
    const out = await visit('POST', '/logout', { cookie: one });
    expect([out.status, out.location]).toEqual([303, '/login?notice=ended']);
    expect(out.cookie).toMatch(/^mirante_session=; Path=\/; Expires=Thu, 01 Jan 1970/);
    expect((await visit('GET', '/v1/session', { cookie: one })).status).toBe(401);
  });

  test('ends when it is idle or old', async () => {
    const cookie = await signInWith(tenant.keys.read);
    await db.owner.query("update private.sessions set seen_at = now() - interval '13 hours' where tenant_id = $1", [tenant.id]);
    await expect.poll(async () => (await visit('GET', '/v1/session', { cookie })).status, { timeout: 10_000 }).toBe(401);
    const fresh = await signInWith(tenant.keys.read);
    await db.owner.query('update private.sessions set expires_at = now() where tenant_id = $1', [tenant.id]);
    await expect.poll(async () => (await visit('GET', '/v1/session', { cookie: fresh })).status, { timeout: 10_000 }).toBe(401);
  });
});
