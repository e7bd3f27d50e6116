import { createHmac, generateKeyPairSync, sign as signWith } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { createViewers, viewerKey } from '../../api/dashboards/viewers.ts';
import { useApi } from '../support/api.ts';
import { makeTenant, type TestTenant, tally, testSecret, useDatabase } from '../support/harness.ts';

const WORD = 'word-of-the-victim';
const SLUG = 'validations-overview';
const CARD = `/v1/dashboards/${SLUG}/cards/marketplaces`;
const HEADER = { alg: 'HS256', typ: 'mirante-viewer+jwt' };

/** The attacker's means: a link and keys of its own, and knowledge of everything except the secret. */
let own: string;

const db = await useDatabase();
const api = await useApi(db);
const [attacker, victim] = [await makeTenant(db), await makeTenant(db)];
const event = {
  id: '1',
  type: 'br.validahub.validation.completed.v1',
  data: { marketplace: WORD, rows: 1, errors: 0, warnings: 0, duration_ms: 1, outcome: 'success' },
};

beforeAll(async () => {
  expect((await api.call('POST', '/v1/events', victim.keys.ingest, event)).status).toBe(202);
  own = await linkOf(attacker);
});

async function linkOf(tenant: TestTenant, params: Record<string, string> = {}): Promise<string> {
  const { body } = await api.call('POST', `/v1/dashboards/${SLUG}/embeds`, tenant.keys.embed, { params });
  return new URL(body.viewer_url).searchParams.get('token') as string;
}

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decoded = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString('utf8'));
const now = () => Math.floor(Date.now() / 1000);

function claimsOf(tenant: unknown, others: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    tenant,
    key: (tenant === attacker.id ? attacker : victim).keyIds.embed,
    dashboard: SLUG,
    params: {},
    aud: 'mirante dashboard',
    iat: now(),
    exp: now() + 600,
    ...others,
  };
}

/** A token signed by hand, in ways that our library would not. */
function forge(
  claims: unknown,
  header: Record<string, unknown> = HEADER,
  key: Uint8Array = viewerKey(testSecret),
  hash = 'sha256',
) {
  const text = `${encoded(header)}.${encoded(claims)}`;
  return `${text}.${createHmac(hash, key).update(text).digest('base64url')}`;
}

const without = (claims: Record<string, unknown>, name: string) =>
  Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));

/** The attacker's own token with other claims and its old signature. */
function swapped(change: Record<string, unknown>): string {
  const [header, , signature] = own.split('.');
  return [header, encoded({ ...decoded(own), ...change }), signature].join('.');
}

function withPublicKey(alg: string): string {
  const { publicKey, privateKey } =
    alg === 'RS256' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = publicKey.export({ format: 'jwk' });
  const text = `${encoded({ ...HEADER, alg, jwk })}.${encoded(claimsOf(victim.id))}`;
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' as const };
  return `${text}.${signWith('sha256', Buffer.from(text), key).toString('base64url')}`;
}

function confused(): string {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return forge(claimsOf(victim.id), HEADER, Buffer.from(publicKey.export({ format: 'pem', type: 'spki' })));
}

const see = (token: string) => api.call('GET', `${CARD}?token=${encodeURIComponent(token)}`);

/** Requests the rows and the page: both refuse in the same way, without a word of the victim's. */
async function expectRefused(token: string, code: string, status = 401): Promise<void> {
  const rows = await see(token);
  expect([rows.status, rows.body?.code]).toEqual([status, code]);
  const page = await api.call('GET', `/dashboards/${SLUG}?token=${encodeURIComponent(token)}`);
  expect([page.status, page.headers.get('content-type')]).toEqual([status, 'text/html; charset=utf-8']);
  keepsSecret(rows.text, page.text);
}

/** Counts an attempt, and throws if an answer has the victim's word. */
function keepsSecret(...answers: string[]): void {
  const foreign = answers.filter((text) => text.includes(WORD));
  tally(answers.length, foreign.length);
  expect(foreign).toEqual([]);
}

test('each attack is possible: the row exists, and a valid token shows it', async () => {
  expect((await see(await linkOf(victim))).text).toContain(WORD);
  expect((await see(forge(claimsOf(victim.id)))).text).toContain(WORD);
  expect((await see(own)).body.data).toEqual([]);
});

const WITHOUT_THE_SECRET: [string, () => string | Promise<string>][] = [
  ['the own token with the tenant swapped', () => swapped({ tenant: victim.id })],
  ['both tenants', () => swapped({ tenant: [attacker.id, victim.id] })],
  ['the tenant as an empty list', () => swapped({ tenant: [] })],
  ['no algorithm', () => `${encoded({ ...HEADER, alg: 'none' })}.${encoded(claimsOf(victim.id))}.`],
  ['no algorithm, with a signature', () => forge(claimsOf(victim.id), { ...HEADER, alg: 'none' }, new Uint8Array(32))],
  ['None, spelt otherwise', () => forge(claimsOf(victim.id), { ...HEADER, alg: 'nOnE' }, new Uint8Array(32))],
  ['an empty key', () => forge(claimsOf(victim.id), HEADER, new Uint8Array())],
  ['a key of zeros', () => forge(claimsOf(victim.id), HEADER, new Uint8Array(32))],
  ['the key of another secret', () => forge(claimsOf(victim.id), HEADER, viewerKey('another secret of another platform'))],
  ['an API key as the key', () => forge(claimsOf(victim.id), HEADER, Buffer.from(attacker.keys.embed))],
  ['RS256 with a key of its own', () => withPublicKey('RS256')],
  ['ES256 with a key of its own', () => withPublicKey('ES256')],
  ['a public key as the HMAC key', () => confused()],
  ['a kid that names a file', () => forge(claimsOf(victim.id), { ...HEADER, kid: '/dev/null' }, new Uint8Array())],
  ['a kid that holds SQL', () => forge(claimsOf(victim.id), { ...HEADER, kid: "' union select 'x" }, Buffer.from('x'))],
  ['a jku', () => forge(claimsOf(victim.id), { ...HEADER, jku: 'https://attacker.example/keys' }, Buffer.from('x'))],
  ['a jwk', () => forge(claimsOf(victim.id), { ...HEADER, jwk: { kty: 'oct', k: 'eA' } }, Buffer.from('x'))],
  [
    'the signature of another of its tokens',
    async () =>
      `${swapped({ tenant: victim.id }).split('.', 2).join('.')}.${(await linkOf(attacker, { interval: 'day' })).split('.')[2]}`,
  ],
  ['a token cut short', () => own.slice(0, -1)],
  ['a token without its signature', () => own.slice(0, own.lastIndexOf('.') + 1)],
  ['a token with a point too many', () => `${own}.`],
  ['a token of five parts', () => `${own}.a.b`],
  ['a token after a blank', () => ` ${own}`],
  ['a token with a new line', () => `${own}\n`],
  ['another spelling of the same signature', () => own.slice(0, -1) + String.fromCharCode(own.charCodeAt(own.length - 1) + 1)],
  ['padding', () => `${own}=`],
  ['Bearer before it', () => `Bearer ${own}`],
  ['nothing', () => ''],
  ['null', () => 'null'],
  ['a list', () => '[]'],
  ['a read key', () => attacker.keys.read],
  ['an embed key', () => attacker.keys.embed],
];

test.each(WITHOUT_THE_SECRET)('refused: %s', async (_, make) => expectRefused(await make(), 'invalid-token'));

// Only the holder of the secret can sign these, i.e. the API itself if one of its checks were wrong.
const RIGHTLY_SIGNED: [string, () => string, string?, number?][] = [
  ['the tenant as an empty list', () => forge(claimsOf([]))],
  ['the tenant as a list', () => forge(claimsOf([victim.id]))],
  ['two tenants', () => forge(claimsOf([attacker.id, victim.id]))],
  ['the tenant as an object', () => forge(claimsOf({}))],
  ['the tenant as an object that converts', () => forge(claimsOf({ toString: victim.id }))],
  ['no tenant', () => forge(without(claimsOf(''), 'tenant'))],
  ['the tenant null', () => forge(claimsOf(null))],
  ['the tenant empty', () => forge(claimsOf(''))],
  ['the tenant a number', () => forge(claimsOf(1))],
  ['the tenant true', () => forge(claimsOf(true))],
  ['the tenant %', () => forge(claimsOf('%'))],
  ['the tenant by its slug', () => forge(claimsOf(victim.slug))],
  ['the tenant in capitals', () => forge(claimsOf(victim.id.toUpperCase()))],
  ['the tenant with a blank', () => forge(claimsOf(`${victim.id} `))],
  ['the tenant in braces', () => forge(claimsOf(`{${victim.id}}`))],
  ['the tenant and SQL', () => forge(claimsOf(`${victim.id}' or true --`))],
  ['a tenant that is not there', () => forge(claimsOf('00000000-0000-7000-8000-000000000000'))],
  ['no key', () => forge(without(claimsOf(victim.id), 'key'))],
  ['the key of another tenant', () => forge(claimsOf(victim.id, { key: attacker.keyIds.embed }))],
  ['a key that is not there', () => forge(claimsOf(victim.id, { key: '00000000-0000-7000-8000-000000000000' }))],
  ['a claim too many', () => forge(claimsOf(victim.id, { admin: true }))],
  ['another slug', () => forge(claimsOf(victim.id, { dashboard: 'latency' })), 'wrong-dashboard', 403],
  ['slugs as a list', () => forge(claimsOf(victim.id, { dashboard: [SLUG] }))],
  ['no slug', () => forge(without(claimsOf(victim.id), 'dashboard'))],
  ['no parameters', () => forge(without(claimsOf(victim.id), 'params'))],
  ['a parameter as an object', () => forge(claimsOf(victim.id, { params: { from: {} } }))],
  ['a moment as a list', () => forge(claimsOf(victim.id, { params: { from: [] } })), 'invalid-request', 400],
  ['parameters as a list', () => forge(claimsOf(victim.id, { params: [] }))],
  ['no audience', () => forge(without(claimsOf(victim.id), 'aud'))],
  ['another audience', () => forge(claimsOf(victim.id, { aud: 'metabase' }))],
  ['two audiences', () => forge(claimsOf(victim.id, { aud: ['mirante dashboard', 'metabase'] }))],
  ['expired', () => forge(claimsOf(victim.id, { iat: now() - 60, exp: now() - 1 })), 'expired-token'],
  ['expired at this second', () => forge(claimsOf(victim.id, { iat: now() - 60, exp: now() })), 'expired-token'],
  ['no expiry', () => forge(without(claimsOf(victim.id), 'exp'))],
  ['an expiry that is a text', () => forge(claimsOf(victim.id, { exp: '9999999999' }))],
  ['an expiry that is null', () => forge(claimsOf(victim.id, { exp: null }))],
  ['an expiry after more than a day', () => forge(claimsOf(victim.id, { exp: now() + 86_401 }))],
  ['no time of issue', () => forge(without(claimsOf(victim.id), 'iat'))],
  ['not valid yet', () => forge(claimsOf(victim.id, { nbf: now() + 60 }))],
  ['no type', () => forge(claimsOf(victim.id), { alg: 'HS256' })],
  ['the usual type', () => forge(claimsOf(victim.id), { ...HEADER, typ: 'JWT' })],
  ['HS512', () => forge(claimsOf(victim.id), { ...HEADER, alg: 'HS512' }, undefined, 'sha512')],
  ['HS384', () => forge(claimsOf(victim.id), { ...HEADER, alg: 'HS384' }, undefined, 'sha384')],
  ['a kid', () => forge(claimsOf(victim.id), { ...HEADER, kid: '1' })],
  ['b64 false', () => forge(claimsOf(victim.id), { ...HEADER, b64: false })],
  ['b64 false and critical', () => forge(claimsOf(victim.id), { ...HEADER, b64: false, crit: ['b64'] })],
  ['something critical', () => forge(claimsOf(victim.id), { ...HEADER, crit: ['exp'] })],
  ['a list for claims', () => forge([claimsOf(victim.id)])],
  ['the platform secret itself as the key', () => forge(claimsOf(victim.id), HEADER, Buffer.from(testSecret))],
];

test.each(RIGHTLY_SIGNED)('refused though signed with the key: %s', async (_, make, code = 'invalid-token', status = 401) =>
  expectRefused(make(), code, status),
);

describe('a token is no key and opens nothing else', () => {
  test.each([
    ['GET', CARD],
    ['GET', '/v1/dashboards'],
    ['GET', `/v1/dashboards/${SLUG}`],
    ['POST', `/v1/dashboards/${SLUG}/embeds`],
    ['GET', '/v1/events'],
    ['GET', '/v1/metrics/validations.count'],
    ['POST', '/v1/events'],
    ['GET', '/ops/queues/'],
  ])('%s %s', async (method, path) => {
    const token = await linkOf(victim);
    const body = method === 'POST' ? { type: 'a' } : undefined;
    const bearer = await api.call(method, path, token, body);
    const basic = { authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` };
    const asPassword = await api.call(method, path, undefined, body, basic);
    expect([bearer.status, asPassword.status]).toEqual([401, 401]);
    keepsSecret(bearer.text, asPassword.text);
    if (path === CARD) return;
    const inQuery = await api.call(method, `${path}?token=${token}`, undefined, body);
    expect(inQuery.status).toBe(401);
    keepsSecret(inQuery.text);
  });

  test('nor is a short link of the victim, whole or truncated, under any parameter name', async () => {
    const made = await api.call('POST', `/v1/dashboards/${SLUG}/links`, victim.keys.embed);
    const id: string = made.body.id;
    const whole = await see(id);
    expect(whole.text).toContain(WORD);
    for (const path of [CARD, '/v1/events', `/v1/dashboards/${SLUG}/links`, `/v1/dashboards/${SLUG}/links/${id}`]) {
      const answers = [await api.call('GET', path, id), await api.call('GET', path, `mir_embed_${id}`)];
      expect(answers.every(({ status }) => status === 401 || status === 405)).toBe(true);
      keepsSecret(...answers.map(({ text }) => text));
    }
    const others = [id.slice(0, 8), id.slice(0, 23), `${id}A`, id.toLowerCase(), id.toUpperCase(), `${id}=`, ` ${id}`];
    for (const wrong of others) await expectRefused(wrong, 'invalid-token');
    for (const wrong of others) {
      const page = await api.call('GET', `/s/${encodeURIComponent(wrong)}`);
      expect(page.status).toBe(401);
      keepsSecret(page.text);
    }
    // A key of another tenant beside it changes nothing.
    const beside = await api.call('GET', `/v1/dashboards/${SLUG}/links?token=${id}`, attacker.keys.embed);
    expect(beside.status).toBe(400);
    keepsSecret(beside.text);
  });

  test('an invalid token beside a valid key is refused', async () => {
    const answer = await api.call('GET', `${CARD}?token=x`, victim.keys.read);
    expect([answer.status, answer.body.code]).toEqual([401, 'invalid-token']);
  });

  test('the tenant of a request is that of its key: no parameter of HTTP names a tenant', async () => {
    for (const query of ['', `?tenant=${'T'}`, '?tenant_id=T', '?grant=T', '?params[tenant]=T']) {
      const { text } = await api.call('GET', CARD + query.replace('T', victim.id), attacker.keys.read);
      keepsSecret(text);
    }
    for (const body of [{ tenant: victim.id }, { params: { tenant: victim.id } }, { params: { grant: 'x' } }]) {
      expect((await api.call('POST', `/v1/dashboards/${SLUG}/embeds`, attacker.keys.embed, body)).status).toBe(400);
    }
  });
});

describe('a parameter that a link fixes', () => {
  const fixed = { from: '2020-01-01T00:00:00Z', to: '2020-02-01T00:00:00Z', interval: 'total' };

  test.each([
    'interval=total',
    'interval=day',
    'from=2026-01-01T00:00:00Z',
    'to=',
    'from=2026-01-01T00:00:00Z&from=2020-01-01T00:00:00Z',
    'interval[]=day',
    'FROM=2026-01-01T00:00:00Z',
    'params[from]=2026-01-01T00:00:00Z',
  ])('is not changed by ?%s', async (query) => {
    const token = await linkOf(victim, fixed);
    const untouched = await see(token);
    expect([untouched.status, untouched.body.data]).toEqual([200, []]);
    const answer = await api.call('GET', `${CARD}?token=${token}&${query}`);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
  });

  test.each([
    "2026-01-01T00:00:00Z'; drop table private.events; --",
    "now()' or true --",
    '$1',
    '{{grant}}',
    "day', now(), 'day') --",
  ])('and no value is run as SQL: %s', async (value) => {
    const token = await linkOf(attacker);
    for (const name of ['from', 'to', 'interval']) {
      const query = `${name}=${encodeURIComponent(value)}`;
      expect((await api.call('GET', `${CARD}?token=${token}&${query}`)).status).toBe(400);
      expect((await see(forge(claimsOf(attacker.id, { params: { [name]: value } })))).status).toBe(400);
      const made = await api.call('POST', `/v1/dashboards/${SLUG}/embeds`, attacker.keys.embed, { params: { [name]: value } });
      expect(made.status).toBe(400);
    }
    expect((await see(await linkOf(victim))).text).toContain(WORD);
  });
});

test('a link signed with the previous secret is refused', async () => {
  const before = await createViewers(db.api, 'the secret that was before, 32 characters').sign(
    { tenantId: victim.id, keyId: victim.keyIds.embed, dashboard: SLUG, params: {} },
    600,
  );
  await expectRefused(before.token, 'invalid-token');
});
