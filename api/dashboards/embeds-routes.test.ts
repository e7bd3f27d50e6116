import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { type Json, useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, type TestTenant, useDatabase } from '../../test/support/harness.ts';

const SLUG = 'validations-overview';
const SECRET = '0123456789abcdef'.repeat(4);
const SITE = 'https://bi.example';

const db = await useDatabase();
await db.owner.query('insert into private.metabase_dashboards values ($1, 41)', [SLUG]);
const settings = { METABASE_URL: 'http://metabase:3000', METABASE_SITE_URL: `${SITE}/`, METABASE_EMBEDDING_SECRET: SECRET };
const api = await useApi(db, settings);
const [tenant, rival] = [await makeTenant(db), await makeTenant(db)];

const embeds = (body?: object, key = tenant.keys.embed, headers?: Record<string, string>) =>
  api.call('POST', `/v1/dashboards/${SLUG}/embeds`, key, body, headers);
const guest = (body?: object, key = tenant.keys.embed, headers?: Record<string, string>) =>
  api.call('POST', `/v1/dashboards/${SLUG}/guest-embed`, key, body, headers);
const secondsLeft = (token: string) => (decodeJwt(token).exp as number) - Date.now() / 1000;

/** Whether PostgreSQL accepts the grant in a token for this tenant. */
async function opens(token: string, { id }: TestTenant): Promise<boolean> {
  const { grant } = decodeJwt(token).params as Json;
  const now = new Date().toISOString();
  await db.metabase.query("select from bi.events($1, $2, $2, 'total')", [grant, now]);
  const [, , owner, expiry] = grant.split('.');
  expect(Number(expiry)).toBeGreaterThanOrEqual(decodeJwt(token).exp as number);
  return owner === id;
}

describe('embeds', () => {
  test("have a Metabase token for the key's tenant, valid for ten minutes", async () => {
    const { status, body } = await embeds();
    expect(status).toBe(201);
    expect(body.metabase.dashboard_id).toBe(41);
    const { token, url } = body.metabase;
    await jwtVerify(token, new TextEncoder().encode(SECRET), { algorithms: ['HS256'] });
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect(decodeJwt(token)).toEqual({
      resource: { dashboard: 41 },
      params: { grant: expect.any(String) },
      exp: expect.any(Number),
    });
    expect(secondsLeft(token)).toBeGreaterThan(590);
    expect(secondsLeft(token)).toBeLessThanOrEqual(600);
    expect(Date.parse(body.expires_at) / 1000).toBe(decodeJwt(token).exp);
    expect([await opens(token, tenant), await opens(token, rival)]).toEqual([true, false]);
    const page = new URL(url);
    expect([page.origin, page.pathname, page.hash]).toEqual([SITE, `/embed/dashboard/${token}`, '#bordered=false&titled=true']);
    expect([...page.searchParams.keys()].sort()).toEqual(['from', 'interval', 'to']);
    expect(await opens((await embeds({}, rival.keys.embed)).body.metabase.token, rival)).toBe(true);
  });

  test('fix the given parameters in the token, and leave them out of the address', async () => {
    const { body } = await embeds({ params: { from: '2026-11-01T00:00:00-03:00', interval: 'day' }, expires_in: 86_400 });
    const { grant, ...fixed } = decodeJwt(body.metabase.token).params as Json;
    expect(fixed).toEqual({ from: '2026-11-01T03:00:00.000000Z', interval: 'day' });
    expect([...new URL(body.metabase.url).searchParams.keys()]).toEqual(['to']);
    expect(await opens(body.metabase.token, tenant)).toBe(true);
  });

  test('are shown once', async () => {
    const once = { 'idempotency-key': 'embed-1' };
    const first = await embeds({}, undefined, once);
    expect(first.body.metabase.token).toEqual(expect.any(String));
    const again = await embeds({}, undefined, once);
    expect(again.body).toEqual({ ...first.body, viewer_url: null, metabase: null, code: 'secret-already-shown' });
  });

  test('have no Metabase token without Metabase, or if Metabase lacks the dashboard', async () => {
    const alone = await useApi(db);
    const { status, body } = await alone.call('POST', `/v1/dashboards/${SLUG}/embeds`, tenant.keys.embed, {});
    expect([status, Object.keys(body)]).toEqual([201, ['viewer_url', 'expires_at']]);
    const answer = await alone.call('POST', `/v1/dashboards/${SLUG}/guest-embed`, tenant.keys.embed, {});
    expect([answer.status, answer.body.code]).toEqual([404, 'not-found']);
    await alone.close();
    await db.owner.query('update private.metabase_dashboards set slug = $1', ['another']);
    expect(Object.keys((await embeds()).body)).toEqual(['viewer_url', 'expires_at']);
    expect((await guest()).status).toBe(404);
    await db.owner.query('update private.metabase_dashboards set slug = $1', [SLUG]);
  });

  test('use a secret derived from the platform’s if none is configured', async () => {
    const derived = await useApi(db, { METABASE_URL: 'http://metabase:3000' });
    const { body } = await derived.call('POST', `/v1/dashboards/${SLUG}/embeds`, tenant.keys.embed, {});
    await derived.close();
    expect(body.metabase.url).toMatch(/^http:\/\/metabase:3000\/embed\/dashboard\//);
    await expect(jwtVerify(body.metabase.token, new TextEncoder().encode(SECRET))).rejects.toThrow('signature');
  });
});

describe('the address for guestEmbedProviderUri', () => {
  test('answers with a jwt only, and ignores the tenant and the grant that the component sends', async () => {
    const sent = { entityType: 'dashboard', entityId: 41, customContext: { tenant: rival.id, grant: 'x' } };
    for (const body of [sent, { ...sent, entityId: '41', customContext: null }, {}, undefined]) {
      const answer = await guest(body);
      expect([answer.status, Object.keys(answer.body)]).toEqual([200, ['jwt']]);
      expect(Object.keys(decodeJwt(answer.body.jwt).params as Json)).toEqual(['grant']);
      expect(await opens(answer.body.jwt, tenant)).toBe(true);
    }
    const { body } = await guest({ ...sent, params: { interval: 'day' } });
    expect(decodeJwt(body.jwt)).toMatchObject({ resource: { dashboard: 41 }, params: { interval: 'day' } });
    expect(secondsLeft(body.jwt)).toBeLessThanOrEqual(600);
  });

  test('signs no other dashboard', async () => {
    for (const wrong of [
      { entityId: 42 },
      { entityId: '42' },
      { entityId: [41] },
      { entityId: -1 },
      { entityType: 'question' },
    ]) {
      const { status, body } = await guest({ entityType: 'dashboard', entityId: 41, ...wrong });
      expect([status, body.code], JSON.stringify(wrong)).toEqual([400, 'invalid-request']);
    }
  });

  test('needs a key with the scope `embed`', async () => {
    for (const key of [tenant.keys.read, tenant.keys.ingest]) expect((await guest({}, key)).body.code).toBe('wrong-scope');
    expect((await guest({}, await makeOperatorKey(db))).body.code).toBe('not-found');
    const once = { 'idempotency-key': 'guest-1' };
    await guest({}, undefined, once);
    expect((await guest({}, undefined, once)).body).toEqual({ jwt: null, code: 'secret-already-shown' });
  });
});

test.each<[string, object]>([
  ['a list', { from: ['2026-11-01T00:00:00Z'] }],
  ['an empty list', { interval: [] }],
  ['an empty text', { interval: '' }],
  ['null', { interval: null }],
  ['a number', { from: 1 }],
  ['an object', { from: {} }],
  ['a grant', { grant: 'v1.x' }],
  ['an empty list of grants', { grant: [] }],
  ['a tenant', { tenant: 'x' }],
  ['a parameter of another dashboard', { type: 'x' }],
  ['what every object has', { constructor: 'x' }],
])('both kinds of links refuse %s as a parameter', async (_, params) => {
  for (const ask of [embeds, guest]) {
    const { status, body } = await ask({ params });
    expect([status, body.code]).toEqual([400, 'invalid-request']);
  }
});
