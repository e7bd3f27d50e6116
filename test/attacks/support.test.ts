import { beforeAll, expect, test } from 'vitest';
import { findSession } from '../../sql/members/sessions.ts';
import { type Answer, useApi } from '../support/api.ts';
import { makeOperatorKey, makeTenant, type TestTenant, tally, useDatabase } from '../support/harness.ts';

// An operator who visits a tenant's pages: without its switch, after the end of either, and with another tenant.

const WORD = 'word-of-the-tenant';
const HOUR = 3_600_000;

const db = await useDatabase();
const api = await useApi(db);
const [open, closed] = [await makeTenant(db), await makeTenant(db)];
let operator: string;

beforeAll(async () => {
  operator = await makeOperatorKey(db);
  for (const tenant of [open, closed]) {
    const event = { type: 'secret.v1', source: WORD, data: { mark: WORD } };
    expect((await api.call('POST', '/v1/events', tenant.keys.ingest, event)).status).toBe(202);
  }
});

const allow = ({ keys }: TestTenant, ms = HOUR) =>
  api.call('PUT', '/v1/support-access', keys.tenant_admin, { allowed_until: new Date(Date.now() + ms) });
const begin = ({ id }: TestTenant, key = operator, body: object = {}) =>
  api.call('POST', `/v1/tenants/${id}/support-visits`, key, { reason: 'Ticket 4711', ...body });

async function cookieFrom(path: string): Promise<string | undefined> {
  const response = await fetch(api.url + path, { redirect: 'manual' });
  return response.headers.get('set-cookie')?.split(';')[0];
}

/** A visit with its cookie. */
async function visit(
  tenant: TestTenant,
  key = operator,
): Promise<{ id: string; cookie: string; isOpen: () => Promise<boolean> }> {
  const { body } = await begin(tenant, key);
  const cookie = (await cookieFrom(body.login_url)) as string;
  expect(cookie).toMatch(/^mirante_visit=/);
  // As another process would find it, whose memory of sessions is empty.
  const isOpen = async () => (await findSession(db.api, cookie.split('=')[1] as string)) !== undefined;
  expect(await isOpen()).toBe(true);
  return { id: body.id, cookie, isOpen };
}

const as = (cookie: string, method: string, path: string, body?: unknown): Promise<Answer> =>
  api.call(method, path, undefined, body, { cookie, 'sec-fetch-site': 'same-origin' });

test('without the switch no operator gets in, and the operator’s own session and key see nothing', async () => {
  const refused = await begin(closed);
  expect([refused.status, refused.body.code]).toEqual([409, 'support-not-allowed']);
  const session = await fetch(`${api.url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ key: operator }),
  });
  const own = session.headers.get('set-cookie')?.split(';')[0] as string;
  const forged = `${own}; mirante_visit=${own.split('=')[1]}`;
  for (const path of [
    '/v1/events',
    '/v1/metrics/events.count',
    '/v1/exports/stream?dataset=events&from=2020-01-01T00:00:00Z',
  ]) {
    const answers = [await api.call('GET', path, operator), await as(own, 'GET', path), await as(forged, 'GET', path)];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403]);
    tally(3, 0);
  }
  // Nor may the operator press the switch; and a tenant does not press another's.
  expect((await api.call('PUT', '/v1/support-access', operator, { allowed_until: new Date(Date.now() + HOUR) })).status).toBe(
    403,
  );
  for (const key of Object.values(open.keys)) {
    expect([403, 404]).toContain((await begin(closed, key)).status);
    expect([403, 404]).toContain((await api.call('GET', `/v1/tenants/${closed.id}/support-access`, key)).status);
  }
  const { rows } = await db.owner.query('select from private.support_visits where tenant_id = $1', [closed.id]);
  expect(rows).toEqual([]);
});

test('a visit reads as a viewer of that tenant alone, and changes nothing', async () => {
  expect((await allow(open)).status).toBe(200);
  const { cookie, id } = await visit(open);
  const session = await as(cookie, 'GET', '/v1/session');
  expect(session.body).toMatchObject({ tenant: { id: open.id }, role: 'viewer', scopes: ['read'] });
  expect((await as(cookie, 'GET', '/v1/events')).text).toContain(WORD);
  const page = await fetch(`${api.url}/app/events`, { headers: { cookie } });
  expect(await page.text()).toContain('Ticket 4711');
  const others: [string, string, unknown?][] = [
    ['GET', '/v1/members'],
    ['GET', '/v1/quarantine'],
    ['GET', '/v1/audit-log'],
    ['GET', '/v1/tenants'],
    ['GET', `/v1/tenants/${closed.id}`],
    ['GET', `/v1/tenants/${closed.id}/support-access`],
    ['POST', `/v1/tenants/${closed.id}/support-visits`, { reason: 'further' }],
    ['POST', `/v1/tenants/${open.id}/keys`, { name: 'mine', scopes: ['read'] }],
    ['POST', `/v1/tenants/${closed.id}/keys`, { name: 'mine', scopes: ['read'] }],
    ['PUT', '/v1/support-access', { allowed_until: new Date(Date.now() + 24 * HOUR) }],
    ['POST', '/v1/events', { type: 'mine.v1' }],
    ['PUT', '/v1/event-types/secret.v1', { schema: {}, mode: 'reject' }],
    ['POST', '/v1/dashboards/validations-overview/links', {}],
  ];
  for (const [method, path, body] of others) {
    expect([403, 404], `${method} ${path}`).toContain((await as(cookie, method, path, body)).status);
    tally(1, 0);
  }
  // An end with the wrong tenant's id ends nothing.
  await allow(closed);
  expect((await api.call('DELETE', `/v1/tenants/${closed.id}/support-visits/${id}`, operator)).status).toBe(404);
  await api.call('DELETE', '/v1/support-access', closed.keys.tenant_admin);
  expect((await as(cookie, 'GET', '/v1/events')).status).toBe(200);
  const { body } = await api.call('GET', '/v1/audit-log?action=support_visit.created', open.keys.tenant_admin);
  expect(body.data[0]).toMatchObject({ target: id, details: { stated_reason: { new: 'Ticket 4711' } } });
});

test('a visit is over after each of its ends, and a used or late link opens nothing', async () => {
  const ends: Record<string, (visited: { id: string; cookie: string }, own: { key: string }) => Promise<unknown>> = {
    'the operator ends it': ({ id }) => api.call('DELETE', `/v1/tenants/${open.id}/support-visits/${id}`, operator),
    'its session signs out': ({ cookie }) => as(cookie, 'POST', '/logout'),
    'the tenant ends the access': () => api.call('DELETE', '/v1/support-access', open.keys.tenant_admin),
    'the access is cut short and over': () =>
      db.owner.query("update private.support_access set allowed_until = now() - interval '1 second'"),
    'its time is over': ({ id }) =>
      db.owner.query("update private.support_visits set ends_at = now() - interval '1 second' where id = $1", [id]),
    'the operator’s key is revoked': (_, { key }) =>
      db.owner.query('update private.api_keys set revoked_at = now() where hash = sha256($1)', [Buffer.from(key)]),
    'the operator is one no more': (_, { key }) =>
      db.owner.query("update private.api_keys set scopes = array['read'] where hash = sha256($1)", [Buffer.from(key)]),
  };
  for (const [name, end] of Object.entries(ends)) {
    await allow(open);
    const key = await makeOperatorKey(db);
    const visited = await visit(open, key);
    const pending = await begin(open, key);
    await end(visited, { key });
    expect([name, await visited.isOpen()]).toEqual([name, false]);
    // A link that was not yet used is worth nothing either, where what it needs is gone.
    if (!/operator ends|signs out|its time/.test(name)) {
      const late = await cookieFrom(pending.body.login_url);
      const found = late && (await findSession(db.api, late.split('=')[1] as string));
      expect([name, found]).toEqual([name, undefined]);
    }
    tally(2, 0);
  }
  await allow(open);
  const { body } = await begin(open);
  expect(await cookieFrom(body.login_url)).toMatch(/^mirante_visit=/);
  expect(await cookieFrom(body.login_url)).toBeUndefined();
});

test('in the process that ends it a visit is over at once, and the browser has its own session again', async () => {
  await allow(open);
  const { cookie } = await visit(open);
  expect((await as(cookie, 'GET', '/v1/events')).status).toBe(200);
  expect((await api.call('DELETE', '/v1/support-access', open.keys.tenant_admin)).status).toBe(204);
  expect((await as(cookie, 'GET', '/v1/events')).status).toBe(401);
  const { body } = await api.call('GET', '/v1/support-access', open.keys.tenant_admin);
  expect(body.allowed_until).toBeNull();
  expect(
    body.visits.every(
      ({ ended_at, ends_at }: { ended_at: string | null; ends_at: string }) => ended_at || new Date(ends_at) < new Date(),
    ),
  ).toBe(true);
});

test('a visit has a reason and an hour at most, never longer than the access', async () => {
  expect((await allow(open, 31 * 24 * HOUR)).status).toBe(400);
  expect((await allow(open, -1)).status).toBe(400);
  await allow(open, HOUR / 2);
  for (const body of [{ reason: ' ' }, { minutes: 61 }, { minutes: 0 }])
    expect((await begin(open, operator, body)).status).toBe(400);
  const { body } = await begin(open);
  const access = await api.call('GET', '/v1/support-access', open.keys.tenant_admin);
  expect(body.ends_at).toBe(access.body.allowed_until);
});
