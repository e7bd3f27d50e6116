import { v4 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { MAX_ENDPOINTS } from '../../sql/alerts/endpoints.ts';
import { MAX_RULES } from '../../sql/alerts/rules.ts';
import { type Answer, type Json, useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);
const operator = await makeOperatorKey(db);
const [mine, theirs] = [await makeTenant(db), await makeTenant(db)];

const RULE = { name: 'too many errors', metric: 'events.error_rate', condition: 'above', threshold: 0.1, window_seconds: 600 };
const HOOK = { kind: 'webhook', url: 'https://hooks.example/alerts' };

const call = (method: string, path: string, body?: unknown, key = mine.keys.tenant_admin, headers = {}): Promise<Answer> =>
  api.call(method, `/v1/alerts${path}`, key, body, headers);
const made = async (path: string, body: unknown, key?: string): Promise<Json> => {
  const answer = await call('POST', path, body, key);
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  return answer.body;
};
const faults = ({ body }: Answer) => body.errors?.map(({ pointer, code }: Json) => `${pointer} ${code}`);

describe('rules', () => {
  test('are created, read, changed and deleted, with their defaults', async () => {
    const endpoint = await made('/endpoints', HOOK);
    const rule = await made('/rules', { ...RULE, notify: [endpoint.id] });
    expect(rule).toMatchObject({
      ...RULE,
      enabled: true,
      filter: {},
      for_seconds: 0,
      cool_down_seconds: 3600,
      no_data: 'ok',
      notify: [endpoint.id],
    });
    const path = `/rules/${rule.id}`;
    expect((await call('GET', path, undefined, mine.keys.read)).body).toEqual(rule);
    const changed = await call('PATCH', path, { threshold: 0.2, filter: { type: 'a.v1', route: null } });
    expect(changed.body).toEqual({
      ...rule,
      threshold: 0.2,
      filter: { type: 'a.v1', route: null },
      updated_at: expect.any(String),
    });
    expect((await call('GET', '')).body.data).toEqual([
      {
        rule_id: rule.id,
        name: rule.name,
        state: 'unknown',
        since: expect.any(String),
        value: null,
        evaluated_at: null,
      },
    ]);
    await call('PATCH', path, { enabled: false });
    expect((await call('GET', '')).body.data).toEqual([]);
    expect((await call('DELETE', path)).status).toBe(204);
    expect([(await call('GET', path)).status, (await call('DELETE', path)).status]).toEqual([404, 404]);
  });

  test('are refused with the place of each fault', async () => {
    const answer = await call('POST', '/rules', {
      ...RULE,
      filter: { outcome: 'failure', '~/': 'x' },
      notify: [v4()],
    });
    expect(faults(answer)).toEqual([
      '/filter/outcome unknown-dimension',
      '/filter/~0~1 unknown-dimension',
      '/notify/0 unknown-endpoint',
    ]);
    expect(faults(await call('POST', '/rules', { ...RULE, metric: 'no.such' }))).toEqual(['/metric unknown-metric']);
    for (const wrong of [
      { name: 'two\r\nBcc: lines' },
      { condition: 'near' },
      { threshold: null },
      { window_seconds: 299 },
      { window_seconds: 30 * 86_400 + 1 },
      { for_seconds: -1 },
      { cool_down_seconds: 0 },
      { no_data: 'firing' },
      { filter: { type: '' } },
      { notify: ['x'] },
      { colour: 'red' },
    ]) {
      expect([(await call('POST', '/rules', { ...RULE, ...wrong })).status, wrong]).toEqual([400, wrong]);
    }
    const rule = await made('/rules', { ...RULE, filter: { route: '/v1/events' } });
    const moved = await call('PATCH', `/rules/${rule.id}`, { metric: 'corrections.count' });
    expect(faults(moved)).toEqual(['/filter/route unknown-dimension']);
    await call('DELETE', `/rules/${rule.id}`);
  });

  test('a test alert goes to each enabled endpoint, at most once a minute', async () => {
    const [one, two, gone] = [await made('/endpoints', HOOK), await made('/endpoints', HOOK), await made('/endpoints', HOOK)];
    await db.owner.query('update private.alert_endpoints set disabled_at = now() where id = $1', [gone.id]);
    const rule = await made('/rules', { ...RULE, notify: [one.id, two.id, gone.id] });
    const asked = await call('POST', `/rules/${rule.id}/test`);
    expect([asked.status, asked.body.deliveries.length]).toEqual([202, 2]);
    const again = await call('POST', `/rules/${rule.id}/test`);
    expect([again.status, again.body.code, again.headers.get('retry-after')]).toEqual([429, 'rate-limited', '60']);
    const log = await call('GET', '/deliveries?limit=1', undefined, mine.keys.read);
    const rest = await call('GET', `/deliveries?limit=1&cursor=${log.body.next_cursor}`);
    const rows = [...log.body.data, ...rest.body.data];
    expect(rows.map(({ id }) => id).sort()).toEqual(asked.body.deliveries.toSorted());
    expect(rows[0]).toMatchObject({ rule_id: rule.id, type: 'alert.test', status: 'waiting', attempts: 0, ended_at: null });
    expect((await call('POST', `/rules/${v4()}/test`)).status).toBe(404);
  });

  test('a tenant has at most a hundred rules and twenty endpoints', async () => {
    const tenant = await makeTenant(db);
    const key = tenant.keys.tenant_admin;
    for (let n = 0; n < MAX_ENDPOINTS; n += 1) await made('/endpoints', HOOK, key);
    for (let n = 0; n < MAX_RULES; n += 1) await made('/rules', RULE, key);
    for (const [path, body] of [
      ['/rules', RULE],
      ['/endpoints', HOOK],
    ] as const) {
      const one = await call('POST', path, body, key);
      expect([one.status, one.body.code]).toEqual([409, 'alert-limit']);
    }
    const { body } = await call('GET', '/rules?limit=60', undefined, key);
    const rest = await call('GET', `/rules?limit=60&cursor=${body.next_cursor}`, undefined, key);
    expect([body.data.length, rest.body.data.length, rest.body.next_cursor]).toEqual([60, 40, null]);
  });
});

describe('endpoints', () => {
  test('show a webhook’s secret once, do not store it, and rotate it on demand', async () => {
    const send = () =>
      call('POST', '/endpoints', { ...HOOK, description: 'pager' }, undefined, { 'idempotency-key': 'hook-1' });
    const first = await send();
    expect(first.body).toMatchObject({ ...HOOK, description: 'pager', secret: expect.stringMatching(/^whsec_[\w+/]{43}=$/) });
    expect((await send()).body).toEqual({ ...first.body, secret: null, code: 'secret-already-shown' });
    const path = `/endpoints/${first.body.id}`;
    const { secret, ...rest } = first.body;
    expect((await call('GET', path)).body).toEqual(rest);
    expect((await call('GET', '/endpoints')).text).not.toContain('whsec_');
    const rotated = await call('POST', `${path}/rotate-secret`);
    expect(rotated.body).toEqual({
      ...first.body,
      secret: expect.stringMatching(/^whsec_/),
      old_secret_until: expect.any(String),
    });
    expect(rotated.body.secret).not.toBe(secret);
    expect(Date.parse(rotated.body.old_secret_until) - Date.now()).toBeGreaterThan(86_000_000);
    const { rows } = await db.owner.query(
      `select e::text as text from private.alert_endpoints e union all select i::text from private.idempotency_keys i
       union all select a::text from private.audit_log a`,
    );
    expect(JSON.stringify(rows)).not.toMatch(/whsec_/);
    const audit = await api.call('GET', '/v1/audit-log?limit=10', mine.keys.tenant_admin);
    const acts = audit.body.data.filter(({ target }: Json) => target === first.body.id).map(({ action }: Json) => action);
    expect(acts).toEqual(['alert_endpoint.changed', 'alert_endpoint.created']);
  });

  test('are removed from the rules that name them when they are deleted', async () => {
    const [one, two] = [await made('/endpoints', HOOK), await made('/endpoints', HOOK)];
    const rule = await made('/rules', { ...RULE, notify: [one.id, two.id] });
    expect((await call('DELETE', `/endpoints/${one.id}`)).status).toBe(204);
    expect((await call('GET', `/rules/${rule.id}`)).body.notify).toEqual([two.id]);
    for (const [method, path] of [
      ['DELETE', ''],
      ['GET', ''],
      ['POST', '/rotate-secret'],
    ] as const) {
      expect((await call(method, `/endpoints/${one.id}${path}`)).status).toBe(404);
    }
  });

  test.each([
    'http://hooks.example/',
    'ftp://hooks.example/',
    'https://user:pass@hooks.example/',
    'https://user@hooks.example/',
    'https://',
    '//hooks.example/',
    'javascript:alert(1)',
    'file:///etc/passwd',
  ])('refuse a webhook at %s', async (url) => {
    expect(faults(await call('POST', '/endpoints', { kind: 'webhook', url }))).toContain('/url custom');
  });

  test('refuse an e-mail address if e-mail is not configured, and anything that is not a single address', async () => {
    const refused = await call('POST', '/endpoints', { kind: 'email', address: 'ops@acme.example' });
    expect([refused.status, refused.body.code]).toEqual([409, 'no-email']);
    for (const address of ['a@b.example, c@d.example', 'a@b.example\r\nBcc: c@d.example', '<a@b.example>', 'nobody']) {
      expect((await call('POST', '/endpoints', { kind: 'email', address })).status).toBe(400);
    }
    const mailing = await useApi(db, { SMTP_URL: 'smtp://127.0.0.1:1', ALERTS_FROM: 'alerts@mirante.example' });
    const answer = await mailing.call('POST', '/v1/alerts/endpoints', mine.keys.tenant_admin, {
      kind: 'email',
      address: 'ops@acme.example',
    });
    await mailing.close();
    expect(answer.body).toMatchObject({ kind: 'email', address: 'ops@acme.example' });
    expect(answer.body).not.toHaveProperty('secret');
    expect((await call('POST', `/endpoints/${answer.body.id}/rotate-secret`)).status).toBe(404);
  });
});

test('another tenant’s rules, endpoints and deliveries are 404, and only administrators change anything', async () => {
  const endpoint = await made('/endpoints', HOOK);
  const rule = await made('/rules', { ...RULE, notify: [endpoint.id] });
  const key = theirs.keys.tenant_admin;
  for (const [method, path, body] of [
    ['GET', `/rules/${rule.id}`],
    ['PATCH', `/rules/${rule.id}`, { name: 'mine' }],
    ['POST', `/rules/${rule.id}/test`],
    ['DELETE', `/rules/${rule.id}`],
    ['GET', `/endpoints/${endpoint.id}`],
    ['POST', `/endpoints/${endpoint.id}/rotate-secret`],
    ['DELETE', `/endpoints/${endpoint.id}`],
  ] as const) {
    for (const other of [key, operator]) expect((await call(method, path, body, other)).status).toBe(404);
    if (method !== 'GET') expect((await call(method, path, body, mine.keys.read)).status).toBe(403);
    expect((await call(method, path, body, mine.keys.ingest)).status).toBe(403);
  }
  for (const path of ['', '/rules', '/endpoints', '/deliveries']) {
    expect((await call('GET', path, undefined, key)).body.data).toEqual([]);
  }
  expect(faults(await call('POST', '/rules', { ...RULE, notify: [endpoint.id] }, key))).toEqual(['/notify/0 unknown-endpoint']);
  expect((await call('GET', `/rules/${rule.id}`)).body).toEqual(rule);
  expect((await made('/rules', { ...RULE, filter: { type: 'mirante.http.request.v1' } }, operator)).name).toBe(RULE.name);
});
