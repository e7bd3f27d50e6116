import { expect, test } from 'vitest';
import { type Json, useApi } from '../../test/support/api.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);
const tenant = await makeTenant(db);

async function browse(method: string, path: string, cookie?: string, form?: Record<string, string>) {
  const response = await fetch(api.url + path, {
    method,
    redirect: 'manual',
    headers: { ...(cookie && { cookie }), ...(method === 'POST' && { 'sec-fetch-site': 'same-origin' }) },
    ...(form && { body: new URLSearchParams(form) }),
  });
  return {
    status: response.status,
    location: response.headers.get('location'),
    set: response.headers.get('set-cookie'),
    text: await response.text(),
  };
}

async function adminCookie(): Promise<string> {
  const { body } = await api.call('POST', '/v1/members', tenant.keys.tenant_admin, {
    email: `${Math.random()}@example.com`,
    role: 'admin',
  });
  const link = await api.call('POST', `/v1/members/${body.id}/login-links`, tenant.keys.tenant_admin);
  const { set } = await browse('GET', link.body.url);
  return set?.split(';')[0] as string;
}

test('nobody who is not signed in sees a page; after signing in they are where they wanted to go', async () => {
  const { status, location } = await browse('GET', '/app/members?x=1');
  expect([status, location]).toEqual([303, '/login?next=%2Fapp%2Fmembers%3Fx%3D1']);
});

test('the rail has what the role may see', async () => {
  const admin = await browse('GET', '/app/dashboards', await adminCookie());
  expect(admin.status).toBe(200);
  expect(admin.text).toContain('href="/app/members"');
  expect(admin.text).not.toContain('href="/app/tenants"');
  const { set } = await browse('POST', '/login', undefined, { key: tenant.keys.read });
  const viewer = await browse('GET', '/app/dashboards', set?.split(';')[0]);
  expect(viewer.text).toContain('href="/app/dashboards/validations-overview"');
  expect(viewer.text).not.toContain('href="/app/members"');
  expect((await browse('GET', '/app/members', set?.split(';')[0])).status).toBe(403);
});

test('a form keeps what was typed and names the field; sent twice it acts once', async () => {
  const cookie = await adminCookie();
  const wrong = await browse('POST', '/app/members', cookie, { email: 'not an address', name: 'Grace', role: 'viewer' });
  expect(wrong.status).toBe(422);
  expect(wrong.text).toContain('value="not an address"');
  expect(wrong.text).toMatch(/aria-invalid="true"[^>]*value="not an address"/);
  const form = { email: 'grace@example.com', name: 'Grace', role: 'viewer', _once: 'abcdefghijklmnop1234' };
  for (let n = 0; n < 2; n++) expect((await browse('POST', '/app/members', cookie, form)).location).toBe('/app/members');
  const { data } = (await api.call('GET', '/v1/members', tenant.keys.tenant_admin)).body;
  expect(data.filter(({ email }: Json) => email === 'grace@example.com')).toHaveLength(1);
});

test('the link of a dashboard to its events opens the same window and type, in local times', async () => {
  const { set } = await browse('POST', '/login', undefined, { key: tenant.keys.read });
  const query = 'from=2026-11-01T03:00:00.000Z&to=2026-11-29T10:30:00Z&filter[type]=a.v1&filter[marketplace]=shopee';
  const { status, location } = await browse('GET', `/app/events?${query}`, set?.split(';')[0]);
  const zoned = new URL(location as string, api.url).searchParams;
  expect([status, zoned.get('type'), zoned.get('filter[marketplace]')]).toEqual([303, 'a.v1', null]);
  expect([zoned.get('from'), zoned.get('to')]).toEqual(['2026-11-01T03:00', '2026-11-29T10:30']);
  expect((await browse('GET', location as string, set?.split(';')[0])).status).toBe(200);
});

test('a form with a text that cannot be stored is refused at its field', async () => {
  const cookie = await adminCookie();
  const { status, text } = await browse('POST', '/app/members', cookie, {
    email: 'nul@example.com',
    name: 'a\u0000b',
    role: 'viewer',
  });
  expect([status, text.includes('U+0000')]).toEqual([422, true]);
});
