import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { viewerKey } from '../../api/viewers.ts';
import { type Answer, type Json, startApi, type TestApi } from '../api.ts';
import { createDatabase, makeTenant, type TestDatabase, type TestTenant, tally, testSecret } from '../harness.ts';

const DASHBOARD = 'validations-overview';

let db: TestDatabase;
let api: TestApi;
let attacker: TestTenant;
let victim: TestTenant;
let own: string;
let theirs: string;

beforeAll(async () => {
  db = await createDatabase();
  api = await startApi(db);
  [attacker, victim] = [await makeTenant(db), await makeTenant(db)];
  for (const { slug, keys } of [attacker, victim]) {
    const data = { marketplace: slug, rows: 9, outcome: 'success' };
    const event = { type: 'br.validahub.validation.completed.v1', data };
    expect((await api.call('POST', '/v1/events', keys.ingest, event)).status).toBe(202);
  }
  [own, theirs] = [await tokenOf(attacker), await tokenOf(victim)];
});
afterAll(async () => {
  await api.close();
  await db.drop();
});

async function tokenOf({ keys }: TestTenant): Promise<string> {
  const { body } = await api.call('POST', `/v1/dashboards/${DASHBOARD}/embeds`, keys.embed, {});
  return new URL(body.viewer_url).searchParams.get('token') as string;
}

const read = (token: string): Json =>
  token
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(String(Buffer.from(part, 'base64url'))));
const written = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** A token of the attacker's making; signed with what he can know, or with the platform's own key where its form is in question. */
function forge(header: object, claims: object, key: Uint8Array | string | null, hash = 'sha256'): string {
  const head = `${written(header)}.${written(claims)}`;
  return `${head}.${key === null ? '' : createHmac(hash, key).update(head).digest('base64url')}`;
}

/** Every card and the page, with a token in the place of a key. */
async function look(query: string, headers: Record<string, string> = {}): Promise<Answer[]> {
  const { body } = await api.call('GET', `/v1/dashboards/${DASHBOARD}`, attacker.keys.read);
  const cards = body.cards.map(({ name }: Json) => `/v1/dashboards/${DASHBOARD}/cards/${name}`);
  return Promise.all(
    [`/dashboards/${DASHBOARD}`, ...cards].map((path) => api.call('GET', `${path}${query}`, undefined, undefined, headers)),
  );
}

const holdsVictim = (answers: Answer[]) => answers.some(({ text }) => text.includes(victim.slug) || text.includes(victim.id));

test('the victim’s own link shows the victim’s rows, and the attacker’s shows the attacker’s', async () => {
  expect(holdsVictim(await look(`?token=${theirs}`))).toBe(true);
  const mine = await look(`?token=${own}`);
  expect(mine.every(({ status }) => status === 200)).toBe(true);
  expect(holdsVictim(mine)).toBe(false);
});

test('a token with another tenant, no tenant, another algorithm or another key opens nothing', async () => {
  const [header, claims] = read(own);
  const [head, body, signature] = own.split('.') as [string, string, string];
  const [, theirBody, theirSignature] = theirs.split('.') as [string, string, string];
  const right = viewerKey(testSecret);
  const asVictim = { ...claims, tenant: victim.id };
  const tenants: [string, unknown][] = [
    ['empty', []],
    ['array', [victim.id]],
    ['both', [attacker.id, victim.id]],
    ['null', null],
    ['empty text', ''],
    ['object', { id: victim.id }],
    ['list in a text', `${attacker.id},${victim.id}`],
    ['upper case', victim.id.toUpperCase()],
    ['in blanks', ` ${victim.id}`],
    ['wildcard', '%'],
  ];
  const { tenant: _, ...nobody } = claims;
  const tokens: [string, string][] = [
    ['swapped tenant, own signature', `${head}.${written(asVictim)}.${signature}`],
    ['their claims, own signature', `${head}.${theirBody}.${signature}`],
    ['own claims, their signature', `${head}.${body}.${theirSignature}`],
    ['alg none', forge({ ...header, alg: 'none' }, asVictim, null)],
    ['alg None', forge({ ...header, alg: 'None' }, asVictim, null)],
    ['alg none with a signature', `${written({ ...header, alg: 'none' })}.${written(asVictim)}.${signature}`],
    ['no signature', `${head}.${written(asVictim)}.`],
    ['no third part', `${head}.${written(asVictim)}`],
    ['an empty key', forge(header, asVictim, '')],
    ['the key spelt out', forge(header, asVictim, 'secret')],
    ['a key of the API as the key', forge(header, asVictim, attacker.keys.embed)],
    ['the grants’ form as the key', forge(header, asVictim, 'mirante viewer token')],
    ['the platform’s secret itself', forge(header, asVictim, testSecret)],
    ['HS512', forge({ ...header, alg: 'HS512' }, asVictim, right, 'sha512')],
    ['RS256 named over an HMAC', forge({ ...header, alg: 'RS256' }, asVictim, right)],
    ['a key of its own in the header', forge({ ...header, jwk: { kty: 'oct', k: 'AAAA' } }, asVictim, right)],
    ['a key id', forge({ ...header, kid: '../../dev/null' }, asVictim, right)],
    ['another use', forge({ ...header, typ: 'JWT' }, asVictim, right)],
    ['another audience', forge(header, { ...asVictim, aud: 'metabase' }, right)],
    ['no audience', forge(header, { ...asVictim, aud: undefined }, right)],
    ['expired', forge(header, { ...asVictim, iat: claims.iat - 9000, exp: claims.iat - 8000 }, right)],
    ['no end', forge(header, { ...asVictim, exp: undefined }, right)],
    ['another dashboard', forge(header, { ...asVictim, dashboard: 'other' }, right)],
    ['no tenant', forge(header, nobody, right)],
    ...tenants.map(([name, tenant]): [string, string] => [`tenant: ${name}`, forge(header, { ...claims, tenant }, right)]),
  ];
  for (const [name, token] of tokens) {
    const answers = await look(`?token=${encodeURIComponent(token)}`);
    const foreign = holdsVictim(answers);
    tally(answers.length, Number(foreign));
    expect(foreign, name).toBe(false);
    expect(
      answers.map(({ status }) => status).every((status) => status === 401 || status === 403),
      name,
    ).toBe(true);
  }
});

test('a good token of one’s own beside words about the victim opens one’s own rows only', async () => {
  const cases = [
    `?token=${own}&tenant=${victim.id}`,
    `?token=${own}&tenant_id=${victim.id}`,
    `?token=${own}&token=${theirs.slice(0, -2)}`,
    `?token[]=${own}`,
    `?token=${own}&grant=v1`,
  ];
  for (const query of cases) {
    const answers = await look(query, { 'x-tenant-id': victim.id });
    const foreign = answers.some(({ text }) => text.includes(victim.slug));
    tally(answers.length, Number(foreign));
    expect(foreign, query).toBe(false);
  }
});
