import { expect, test } from 'vitest';
import { servePrivacyRequests } from '../../jobs/privacy/serve-requests.ts';
import { removeOldComments } from '../../sql/performance/feedback.ts';
import { type Json, useApi } from '../../test/support/api.ts';
import { jobDeps, useArchive } from '../../test/support/archive-home.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';
import { createFloodGate, networkOf } from './flood-gate.ts';
import { createFormStamp } from './form-stamp.ts';

const db = await useDatabase();
const api = await useApi(db, { TRUSTED_PROXIES: '127.0.0.1' });
const tenant = await makeTenant(db);
const { keys } = tenant;
await api.call('PUT', '/v1/services/lpa', keys.tenant_admin, { name: 'Make an <LPA>', locales: ['en', 'cy', 'pt-BR'] });

const service = `${tenant.slug}/lpa`;
const path = `/feedback/${service}`;
let networks = 0;
// Each from a network of its own.
const from = () => ({ 'x-forwarded-for': `10.${networks >> 8}.${networks++ & 255}.7` });
const post = (body: object, headers: Record<string, string> = from()) =>
  api.call('POST', '/v1/feedback', undefined, body, headers);
const get = (lang = '', headers: Record<string, string> = {}) =>
  api.call('GET', `${path}${lang}`, undefined, undefined, headers);

async function submit(fields: Record<string, string>, query = '', headers: Record<string, string> = from()) {
  return fetch(`${api.url}${path}${query}`, {
    method: 'POST',
    redirect: 'manual',
    headers,
    body: new URLSearchParams(fields),
  });
}

const stored = async () =>
  (await db.owner.query('select rating, comment, locale from private.feedback where tenant_id = $1 order by id', [tenant.id]))
    .rows;
const clear = () => db.owner.query('delete from private.feedback where tenant_id = $1', [tenant.id]);
const stamps = createFormStamp('x'.repeat(40), () => Date.now() - 60_000);
const stamp = stamps.sign(path);

test('a rating with a comment is stored, without what may identify somebody', async () => {
  await clear();
  expect(await post({ service, rating: 4, comment: ' Write to me@example.com ' })).toMatchObject({
    status: 202,
    body: { status: 'accepted' },
  });
  expect(await post({ service, rating: 5 })).toMatchObject({ status: 202 });
  expect(await stored()).toEqual([
    { rating: 4, comment: 'Write to [e-mail]', locale: 'en' },
    { rating: 5, comment: null, locale: 'en' },
  ]);
});

test.each([
  ['0', { service, rating: 0 }, '/rating'],
  ['6', { service, rating: 6 }, '/rating'],
  ['a half', { service, rating: 4.5 }, '/rating'],
  ['text', { service, rating: '5.0' }, '/rating'],
  ['none', { service }, '/rating'],
  ['a long comment', { service, rating: 5, comment: '🙂'.repeat(1201) }, '/comment'],
  ['no service', { rating: 5 }, '/service'],
  ['another member', { service, rating: 5, subject: 'x' }, ''],
])('refused with its place: %s', async (_, body, pointer) => {
  const { status, body: problem } = await post(body);
  expect([status, problem.code, problem.errors[0].pointer]).toEqual([400, 'invalid-request', pointer]);
});

test('a megabyte of emoji is refused, and unknown services are not found', async () => {
  expect((await post({ service, rating: 5, comment: '🙂'.repeat(262_144) })).body.code).toBe('too-large');
  for (const unknown of ['lpa', `${tenant.slug}/none`, 'none/lpa'])
    expect((await post({ service: unknown, rating: 5 })).status).toBe(404);
});

test('a key of the tenant names the service by its slug, and needs no network of its own', async () => {
  await clear();
  const send = (key: string, name: string) => api.call('POST', '/v1/feedback', key, { service: name, rating: 3 });
  for (let n = 0; n < 35; n++) expect((await send(keys.ingest, 'lpa')).status).toBe(202);
  expect((await send(keys.ingest, service)).status).toBe(202);
  expect((await send(keys.read, 'lpa')).status).toBe(403);
  const other = await makeTenant(db);
  expect((await send(other.keys.ingest, service)).status).toBe(404);
  expect(await stored()).toHaveLength(36);
});

test('front ends in browsers on other sites may send', async () => {
  const asked = await fetch(`${api.url}/v1/feedback`, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://www.example.org',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    },
  });
  expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
});

test('the form: its language, its escapes, its frame', async () => {
  const page = await get();
  expect(page.status).toBe(200);
  expect(page.text).toContain('Give feedback on Make an &lt;LPA&gt;');
  expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  expect((await get('?lang=cy')).text).toContain('<html lang="cy">');
  expect((await get('', { 'accept-language': 'pt;q=0.9, en;q=0.1' })).text).toContain('<html lang="pt-BR">');
  expect((await get('?lang=fr', { 'accept-language': 'fr' })).text).toContain('<html lang="en">');
  expect((await api.call('GET', `/feedback/${tenant.slug}/none`)).status).toBe(404);
  await api.call('PUT', '/v1/services/framed', keys.tenant_admin, { name: 'Framed' });
  await db.owner.query('update private.tenants set embed_origins = $2 where id = $1', [tenant.id, ['https://www.example.org']]);
  const framed = await api.call('GET', `/feedback/${tenant.slug}/framed`);
  expect(framed.headers.get('content-security-policy')).toContain('frame-ancestors https://www.example.org');
});

test('the form is sent, thanks, and keeps what was typed when something is wrong', async () => {
  await clear();
  const sent = await submit({ rating: '2', comment: 'Slow\r\npage', website: '', stamp }, '?lang=cy');
  expect([sent.status, sent.headers.get('location')]).toEqual([303, `${path}/thanks?lang=cy`]);
  expect((await get('/thanks?lang=cy')).text).toContain('Diolch am eich adborth');
  expect(await stored()).toEqual([{ rating: 2, comment: 'Slow\npage', locale: 'cy' }]);
  const missing = await submit({ rating: '', comment: 'kept <b>', stamp });
  const text = await missing.text();
  expect(missing.status).toBe(422);
  expect(text).toContain('kept &lt;b&gt;');
  expect(text).toContain('<a href="#rating-5">Choose how you felt about the service</a>');
  expect(text).toMatch(/<title>Error: /);
  const long = await submit({ rating: '3', comment: 'x'.repeat(1201), stamp });
  expect(await long.text()).toMatch(/value="3" checked[\s\S]*x{1201}/);
  expect((await submit({ rating: '5', comment: 'x'.repeat(70_000), stamp })).status).toBe(413);
  for (const rating of ['0', '6', '5.0']) expect((await submit({ rating, stamp })).status).toBe(422);
});

test('programs: no stamp, a forged or fresh one, or the field that people do not see', async () => {
  await clear();
  for (const wrong of ['', 'abc.def', stamps.sign('/feedback/other'), createFormStamp('x'.repeat(40)).sign(path)])
    expect((await submit({ rating: '5', stamp: wrong })).status).toBe(422);
  expect((await submit({ rating: '5', stamp, website: 'https://spam.example' })).status).toBe(303);
  expect(await stored()).toEqual([]);
});

test('a network that sends too much waits, others do not', async () => {
  const busy = { 'x-forwarded-for': '192.0.2.1' };
  for (let n = 0; n < 30; n++) expect((await post({ service, rating: 5 }, busy)).status).toBe(202);
  const refused = await post({ service, rating: 5 }, { 'x-forwarded-for': '192.0.2.77' });
  expect([refused.status, refused.body.code, Number(refused.headers.get('retry-after')) > 0]).toEqual([
    429,
    'feedback-limited',
    true,
  ]);
  const page = await submit({ rating: '5', comment: 'typed', stamp }, '', busy);
  expect([page.status, (await page.text()).includes('typed')]).toEqual([429, true]);
  expect((await post({ service, rating: 5 }, { 'x-forwarded-for': '198.51.100.1' })).status).toBe(202);
});

test('while a service is flooded by many networks, each may send little, and new ones still can', async () => {
  const gate = createFloodGate(`test-${Math.random()}`);
  for (let n = 0; n < 300; n++) expect(await gate.enter('s', `10.${n >> 8}.${n & 255}.1`)).toBe(0);
  const bots = Array.from({ length: 20 }, (_, n) => `203.0.${n}.1`);
  const passed = await Promise.all(bots.flatMap((bot) => Array.from({ length: 10 }, () => gate.enter('s', bot))));
  expect(passed.filter((seconds) => seconds === 0)).toHaveLength(40);
  expect(await gate.enter('s', '100.64.9.1')).toBe(0);
  expect(await gate.enter('another', '100.64.10.1')).toBe(0);
});

test.each([
  ['192.0.2.77', '192.0.2'],
  ['2001:db8:1:2::1', '2001:db8:1'],
  ['2001:0db8:0001::', '2001:db8:1'],
  ['::1', '0:0:0'],
  [null, 'unknown'],
])('the network of %s is %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test('comments are for administrators: search, pages, removal', async () => {
  await clear();
  for (const comment of ['First: 50% done', 'Second', 'Third']) {
    expect((await post({ service, rating: comment === 'Third' ? 1 : 5, comment })).status).toBe(202);
  }
  const list = (query: string, key = keys.tenant_admin) => api.call('GET', `/v1/services/lpa/comments${query}`, key);
  const words = ({ body }: Json) => body.data.map(({ comment }: Json) => comment);
  expect((await list('', keys.read)).status).toBe(403);
  const first = await list('?limit=2');
  expect(words(first)).toEqual(['Third', 'Second']);
  expect(words(await list(`?limit=2&cursor=${first.body.next_cursor}`))).toEqual(['First: 50% done']);
  expect(words(await list('?q=50%25'))).toEqual(['First: 50% done']);
  expect(words(await list('?q=s_c'))).toEqual([]);
  expect(words(await list('?rating=1'))).toEqual(['Third']);
  const { id } = first.body.data[0];
  const other = await makeTenant(db);
  expect((await api.call('DELETE', `/v1/services/lpa/comments/${id}`, other.keys.tenant_admin)).status).toBe(404);
  expect((await api.call('DELETE', `/v1/services/lpa/comments/${id}`, keys.tenant_admin)).status).toBe(204);
  expect(words(await list(''))).toEqual(['Second', 'First: 50% done']);
  expect(await stored()).toHaveLength(3);
  const { body } = await api.call('GET', '/v1/audit-log', keys.tenant_admin);
  expect(JSON.stringify(body.data.find(({ action }: Json) => action === 'comment.removed'))).not.toContain('Third');
  const view = await db.api.query(
    "select column_name from information_schema.columns where table_schema = 'app' and table_name = 'feedback'",
  );
  expect(view.rows.map(({ column_name }) => column_name)).not.toContain('comment');
});

test('comments end with their retention, and with an erasure of somebody whom they name; ratings stay', async () => {
  await clear();
  await post({ service, rating: 1, comment: 'Joana Prado (desk 3) was rude' });
  await post({ service, rating: 2, comment: 'Joana Pradoso was kind' });
  await post({ service, rating: 3, comment: 'Old' });
  await db.owner.query("update private.feedback set received_at = now() - interval '366 days' where comment = 'Old'");
  expect(await removeOldComments(db.jobs)).toBe(1);
  const archive = await useArchive();
  const ask = (kind: string) => api.call('POST', '/v1/privacy/requests', keys.tenant_admin, { kind, subject: 'joana prado' });
  expect((await ask('erasure')).status).toBe(202);
  await servePrivacyRequests(jobDeps(db, archive));
  expect((await stored()).map(({ rating, comment }) => [rating, comment])).toEqual([
    [1, null],
    [2, 'Joana Pradoso was kind'],
    [3, null],
  ]);
});

test('satisfaction by hand: (2·1 + 4·2 + 5·1)/4 is 3.75 of 5, which is 68.75 %', async () => {
  await clear();
  for (const rating of [2, 4, 4, 5]) await post({ service, rating });
  const { body } = await api.call('GET', '/v1/services/lpa/measures', keys.read);
  expect(body.total.user_satisfaction).toMatchObject({ value: 68.75, ratings: [0, 1, 0, 2, 1], denominator: 4 });
  expect(body.total.completion_rate_period).toBeNull();
  expect(body.data).toHaveLength(12);
});
