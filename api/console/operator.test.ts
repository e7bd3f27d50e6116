import { expect, test } from 'vitest';
import { type Json, useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);
const tenant = await makeTenant(db);
const operatorKey = await makeOperatorKey(db);

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
    set: response.headers.get('set-cookie')?.split(';')[0],
    frames: response.headers.get('content-security-policy'),
    text: await response.text(),
  };
}

const signIn = async (key: string) => (await browse('POST', '/login', undefined, { key })).set as string;
const operator = await signIn(operatorKey);

async function create(slug: string): Promise<string> {
  const made = await browse('POST', '/app/tenants', operator, {
    name: 'Nova Loja',
    slug,
    country: 'br',
    timezone: '',
    locale: 'en',
  });
  expect(made.status, made.text).toBe(303);
  return made.location as string;
}

const settings = { name: 'Nova Loja', country: 'BR', timezone: 'UTC', locale: 'en', raw_retention_days: '' };

test('every page of the operator opens, and for no one else', async () => {
  const viewer = await signIn(tenant.keys.read);
  const admin = await signIn(tenant.keys.tenant_admin);
  for (const page of [
    'tenants',
    `tenants/${tenant.id}`,
    'health',
    'objectives',
    'queues',
    'storage',
    'usage',
    'audit',
    'members',
  ]) {
    const shown = await browse('GET', `/app/${page}`, operator);
    expect([page, shown.status]).toEqual([page, 200]);
    expect(shown.text, page).toContain('aria-current="page"');
  }
  for (const page of ['tenants', `tenants/${(await makeTenant(db)).id}`, 'health', 'queues', 'storage', 'usage'])
    for (const cookie of [viewer, admin]) {
      const { status } = await browse('GET', `/app/${page}`, cookie);
      expect([page, [403, 404].includes(status)]).toEqual([page, true]);
    }
});

test('a tenant is created, given limits and features, and its first administrator signs in with the link', async () => {
  const taken = await browse('POST', '/app/tenants', operator, { name: 'X', slug: tenant.slug, locale: 'en' });
  expect(taken.status).toBe(422);
  expect(taken.text).toContain(`value="${tenant.slug}"`);
  const page = await create('nova-loja');
  const id = page.split('/').at(-1) as string;

  const change = { ...settings, dashboards: 'on', events_per_second: '50' };
  expect((await browse('POST', page, operator, change)).location).toBe(`${page}?saved=1`);
  const { body } = await api.call('GET', `/v1/tenants/${id}`, operatorKey);
  expect(body).toMatchObject({ country: 'BR', limits: { events_per_second: 50 } });
  expect(body.features).toEqual({ dashboards: true, benchmarks: false, exports: false, sql_access: false });
  const wrong = await browse('POST', page, operator, { ...change, events_per_second: '0' });
  expect(wrong.status).toBe(422);
  expect(wrong.text).toMatch(/name="events_per_second"[^>]*aria-invalid="true"[^>]*value="0"/);

  const invited = await browse('POST', `${page}/invite`, operator, { email: 'ada@nova.example', member_name: 'Ada' });
  const link = /\/login\?code=[\w-]+/.exec(invited.text)?.[0] as string;
  const { set } = await browse('GET', link);
  const session: Json = JSON.parse((await browse('GET', '/v1/session', set)).text);
  expect(session).toMatchObject({ role: 'admin', tenant: { id }, member: { email: 'ada@nova.example' } });
  expect((await browse('GET', link)).status).toBe(401);
});

test('a link for a member of a tenant comes with the member alone, and not again', async () => {
  const body = { email: 'grace@example.com', role: 'viewer' };
  const key = { 'idempotency-key': 'invite-grace-once' };
  const first = await api.call('POST', `/v1/tenants/${tenant.id}/members`, operatorKey, body, key);
  expect(first.body.login_url).toMatch(/^\/login\?code=/);
  const again = await api.call('POST', `/v1/tenants/${tenant.id}/members`, operatorKey, body, key);
  expect(again.body).toMatchObject({ id: first.body.id, login_url: null, code: 'secret-already-shown' });
  expect((await api.call('POST', `/v1/tenants/${tenant.id}/members`, operatorKey, body)).status).toBe(409);
  expect((await api.call('POST', `/v1/members/${first.body.id}/login-links`, operatorKey)).status).toBe(404);
});

test('a tenant is removed only after its name was typed', async () => {
  const page = await create('leaving');
  const refused = await browse('POST', `${page}/remove`, operator, { confirm: 'something else' });
  expect(refused.text).toMatch(/name="confirm"[^>]*aria-invalid="true"[^>]*value="something else"/);
  const id = page.split('/').at(-1);
  expect((await api.call('GET', `/v1/tenants/${id}`, operatorKey)).body.offboarding_at).toBeNull();
  const removed = await browse('POST', `${page}/remove`, operator, { confirm: 'leaving' });
  expect([removed.status, removed.location]).toEqual([303, `${page}/removal`]);
  expect((await browse('GET', `${page}/removal`, operator)).text).toContain('<progress');
  expect((await browse('GET', page, operator)).text).not.toContain('name="confirm"');
});

test('the board of queues takes an operator’s session, and can be framed by this site alone', async () => {
  const board = await browse('GET', '/ops/queues', operator);
  expect(board.status).toBe(200);
  expect(board.frames).toContain("frame-ancestors 'self'");
  expect((await browse('GET', '/app/queues', operator)).frames).toContain("frame-src 'self'");
  expect((await browse('GET', '/app/health', operator)).frames).not.toContain('frame-src');
  expect((await browse('GET', '/ops/queues', await signIn(tenant.keys.tenant_admin))).status).toBe(403);
});

test('drills, runs of the archive and audits are the operator’s to read', async () => {
  await db.owner.query(
    `insert into private.restore_drills (kind, ended_at, passed, backup_seconds, restore_seconds, bytes, tables, records, figures)
     values ('dump', now(), true, 61.2, 150, 73400320, 61, 1204511, 3)`,
  );
  await db.owner.query(
    `insert into storage.archive_runs (started_at, boundary, files, rows, bytes, removed, error) values (now() - interval '42 s', now(), 14, 402113, 18350080, 1, 'type x')`,
  );
  await db.owner.query(
    `insert into private.isolation_audits (attempts, foreign_rows, dead, findings) values (912, 1, 0, '[{"attack":"a","login":"b","what":"foreign row"}]')`,
  );
  for (const path of ['/ops/restore-drills', '/ops/archive-runs', '/ops/isolation-audits']) {
    const { status, body, text } = await api.call('GET', `${path}?limit=5`, operatorKey);
    expect([path, status, body.data.length]).toEqual([path, 200, 1]);
    // An error may name a type of event.
    expect(text).not.toContain('type x');
    expect((await api.call('GET', path, tenant.keys.tenant_admin)).status).toBe(403);
  }
  const storage = (await browse('GET', '/app/storage', operator)).text;
  expect(storage).toContain('1,204,511');
  expect(storage).toContain('402,113');
  expect((await browse('GET', '/app/health', operator)).text).toContain('a (b): foreign row');
});

test('usage has a row for each tenant, and the audit log can be narrowed to one action', async () => {
  const usage = await browse('GET', '/app/usage?days=7', operator);
  expect(usage.text).toContain(tenant.slug);
  expect(usage.text).toMatch(/days=7" aria-current="true"/);
  const log = await browse('GET', '/app/audit?action=key.created', operator);
  expect(log.text).toContain('key.created');
  expect(log.text).not.toContain('session.started');
});
