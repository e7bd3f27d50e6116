import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Json, type TestApi, useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, type TestTenant, useDatabase } from '../../test/support/harness.ts';

const CLIENT = { OIDC_CLIENT_ID: 'mirante', OIDC_CLIENT_SECRET: 'a-secret-of-the-test-client' };

/** Accounts of the provider, by the name that is typed there. */
const ACCOUNTS: Record<string, object> = {
  ada: { email: 'Ada@Loja.example', email_verified: true },
  mallory: { email: 'ada@loja.example', email_verified: false },
  stranger: { email: 'nobody@else.example', email_verified: true },
};

const db = await useDatabase();
let server: Server;
let issuer: string;
let account: string;
let api: TestApi;
let tenant: TestTenant;

beforeAll(async () => {
  await makeOperatorKey(db);
  server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  api = await useApi(db, { ...CLIENT, OIDC_ISSUER: issuer, REDIS_URL: '' });
  const provider: Provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.OIDC_CLIENT_ID,
        client_secret: CLIENT.OIDC_CLIENT_SECRET,
        redirect_uris: [`${api.url}/login/callback`],
      },
    ],
    claims: { email: ['email', 'email_verified'] },
    pkce: { required: () => true },
    cookies: { keys: ['keys of the test'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: () => '/interaction' },
    findAccount: (_: unknown, accountId: string) => ({
      accountId,
      claims: () => ({ sub: accountId, ...ACCOUNTS[accountId] }),
    }),
    // Everyone agrees to everything that is asked.
    async loadExistingGrant({ oidc }: Json) {
      const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope('openid email');
      await grant.save();
      return grant;
    },
  });
  const callback = provider.callback();
  server.on('request', (request, response) => {
    if (!request.url?.startsWith('/interaction')) return callback(request, response);
    const result = account ? { login: { accountId: account } } : { error: 'access_denied' };
    provider.interactionFinished(request, response, result).catch(() => response.destroy());
  });
});
afterAll(() => new Promise<void>((done) => server.close(() => done())));

// Refused sign-ins are counted by address, so each test has a tenant and a name of its own.
beforeEach(async () => {
  tenant = await makeTenant(db);
});

/** A browser that keeps cookies by host and path, and follows each redirect until it is back at the API without another. */
async function browse(start: string, jar = new Map<string, string>(), until = (_: URL) => false) {
  let url = new URL(start, api.url);
  for (let step = 0; step < 15; step++) {
    if (until(url)) return { url, status: 0, text: '', jar };
    const cookies = [...jar]
      .filter(([name]) => name.startsWith(`${url.host} `))
      .map(([name, value]) => `${name.split(' ')[1]}=${value}`);
    const response = await fetch(url, { redirect: 'manual', headers: { cookie: cookies.join('; '), 'accept-language': 'en' } });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) as unknown as [string, string, string];
      if (value) jar.set(`${url.host} ${name}`, value);
      else jar.delete(`${url.host} ${name}`);
    }
    const location = response.headers.get('location');
    const text = await response.text();
    if (!location || url.pathname === '/login/callback') return { url, status: response.status, location, text, jar };
    url = new URL(location, url);
  }
  throw new Error(`No end of redirects at ${url}.`);
}

async function sessionOf(jar: Map<string, string>): Promise<Json> {
  const cookie = `mirante_session=${jar.get(`${new URL(api.url).host} mirante_session`)}`;
  return (await fetch(`${api.url}/v1/session`, { headers: { cookie } })).json();
}

const join = (one: TestTenant, role: string) =>
  api.call('POST', '/v1/members', one.keys.tenant_admin, { email: 'ada@loja.example', role });

test('a member with the verified address is signed in and goes on to where they wanted', async () => {
  await join(tenant, 'admin');
  expect(await (await fetch(`${api.url}/login`)).text()).toContain('href="/login/provider?next=%2Fapp"');
  account = 'ada';
  const { status, location, jar } = await browse(`/login/provider?next=/app/alerts&tenant=${tenant.slug}`);
  expect([status, location]).toEqual([303, '/app/alerts']);
  expect(await sessionOf(jar)).toMatchObject({
    role: 'admin',
    tenant: { id: tenant.id },
    member: { email: 'ada@loja.example' },
  });
  expect([...jar.keys()].some((name) => name.endsWith('mirante_login_flow'))).toBe(false);
  const { body } = await api.call('GET', '/v1/audit-log', tenant.keys.tenant_admin);
  expect(JSON.stringify(body.data.map(({ action }: Json) => action))).toContain('session');
});

test('an address that is not verified, and one that is no member’s, get a page that says so', async () => {
  await join(tenant, 'viewer');
  for (const one of ['mallory', 'stranger']) {
    account = one;
    const { status, text, jar } = await browse('/login/provider');
    expect([one, status]).toEqual([one, 401]);
    expect(text).toContain('you are not a member here');
    expect(jar.has(`${new URL(api.url).host} mirante_session`)).toBe(false);
  }
  account = 'ada';
  expect((await browse('/login/provider?tenant=some-other')).status).toBe(401);
});

test('an answer works once, in the browser that began, with the state that it began with', async () => {
  await join(tenant, 'viewer');
  account = 'ada';
  const isBack = (url: URL) => url.pathname === '/login/callback';
  const { url, jar } = await browse('/login/provider', new Map(), isBack);
  expect((await browse(url.href)).text).toContain('did not succeed');
  const forged = new URL(url);
  forged.searchParams.set('state', 'another');
  expect((await browse(forged.href, new Map(jar))).status).toBe(401);
  const kept = new Map(jar);
  expect((await browse(url.href, jar)).status).toBe(303);
  expect((await browse(url.href, kept)).status).toBe(401);
});

test('who changes their mind at the provider is back at the page; without a provider there is none', async () => {
  account = '';
  const { status, text } = await browse('/login/provider');
  expect(status).toBe(401);
  expect(text).toContain('did not succeed');
  const away = await useApi(db, { ...CLIENT, OIDC_ISSUER: 'http://127.0.0.1:9', REDIS_URL: '' });
  expect((await fetch(`${away.url}/login/provider`)).status).toBe(503);
  const without = await useApi(db, { ...CLIENT, REDIS_URL: '' });
  expect(await (await fetch(`${without.url}/login`)).text()).not.toContain('/login/provider');
  for (const path of ['provider', 'callback']) expect((await fetch(`${without.url}/login/${path}`)).status).toBe(404);
});
