import { v4 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { useApi } from './support/api.ts';
import { makeOperatorKey, makeTenant, useDatabase } from './support/harness.ts';
import { openRaw } from './support/raw-http.ts';

const db = await useDatabase();
const api = await useApi(db);
const tenant = await makeTenant(db);
const operator = await makeOperatorKey(db);

const EVERYWHERE = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

const event = () => ({ id: v4(), type: 'test.sent.v1', time: new Date().toISOString() });
const ORIGIN = { origin: 'https://elsewhere.example' };

function expectSafe(headers: Headers, caching = 'no-store'): void {
  const found = Object.fromEntries(headers);
  expect(found).toMatchObject({ ...EVERYWHERE, 'cache-control': caching });
  expect(Object.keys(found).filter((name) => name.startsWith('access-control-'))).toEqual([]);
}

describe('every answer has the headers that keep it out of caches and other sites', () => {
  test('accepted events, and requests refused for their form, body or key', async () => {
    const sent = [
      await api.call('POST', '/v1/events', tenant.keys.ingest, event(), ORIGIN),
      await api.call('POST', '/v1/events', tenant.keys.ingest, {}, ORIGIN),
      await api.call('POST', '/v1/events', tenant.keys.ingest, '{', ORIGIN),
      await api.call('POST', '/v1/events', tenant.keys.ingest, '', { ...ORIGIN, 'content-type': 'text/plain' }),
      await api.call('POST', '/v1/events', tenant.keys.read, event(), ORIGIN),
      await api.call('POST', '/v1/events', undefined, event(), ORIGIN),
    ];
    expect(sent.map(({ status }) => status)).toEqual([202, 422, 400, 415, 403, 401]);
    for (const { headers } of sent) expectSafe(headers);
  });

  test.each([
    ['/livez', 200],
    ['/readyz', 200],
    ['/v1/events', 200],
    ['/v1/metrics', 200],
    ['/v1/metrics/events.count?interval=total', 200],
    ['/v1/dashboards', 200],
    ['/dashboards/validations-overview?token=x', 401],
    ['/v1/metrics/nothing', 404],
    ['/v1/events?limit=x', 400],
    ['/v1/tenants', 403],
    ['/nowhere', 404],
    ['/%ff', 404],
    ['/docs', 200],
    ['/openapi.json', 200],
  ])('GET %s → %i', async (path, status) => {
    const answer = await api.call('GET', path, tenant.keys.read, undefined, ORIGIN);
    expect(answer.status).toBe(status);
    expectSafe(answer.headers);
  });

  test('CSV, the queue board, and refusals by Express itself', async () => {
    const csv = { accept: 'text/csv', ...ORIGIN };
    expectSafe((await api.call('GET', '/v1/metrics/events.count?interval=total', tenant.keys.read, undefined, csv)).headers);
    expectSafe((await api.call('GET', '/ops/queues/', operator, undefined, ORIGIN)).headers);
    expectSafe((await api.call('GET', '/ops/queues/', undefined, undefined, ORIGIN)).headers);
    const broken = await api.call('POST', '/v1/tenants', operator, '{', ORIGIN);
    expect(broken.status).toBe(400);
    expectSafe(broken.headers);
  });

  test('the files of /docs may be cached, because they are public', async () => {
    const page = await api.call('GET', '/docs');
    const file = await api.call('GET', /href="([^"]+docs\.css)"/.exec(page.text)?.[1] as string);
    expect(file.status).toBe(200);
    expectSafe(file.headers, 'public, max-age=31536000, immutable');
  });

  test('pages have a policy that loads nothing from other origins, and the other headers of helmet', async () => {
    const { headers } = await api.call('GET', '/docs');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('strict-transport-security')).toMatch(/max-age=\d+/);
    expect(headers.get('x-powered-by')).toBeNull();
  });

  test('answers to malformed HTTP', async () => {
    const { socket, answer } = openRaw(api.url);
    socket.write('hello\r\n\r\n');
    const [head = ''] = (await answer).split('\r\n\r\n');
    const lines = head.split('\r\n').slice(1);
    expectSafe(new Headers(lines.map((line) => line.split(': ', 2) as [string, string])));
  });

  test('the metrics server', async () => {
    for (const path of ['/metrics', '/else']) expectSafe((await fetch(api.metricsUrl + path, { headers: ORIGIN })).headers);
  });
});

describe('no page of another origin can send or read anything', () => {
  test.each(['/v1/events', '/v1/tenants', '/v1/metrics/events.count', '/openapi.json', '/docs', '/', '/nowhere'])(
    'a preflight to %s is refused',
    async (path) => {
      const preflight = {
        ...ORIGIN,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      };
      const answer = await api.call('OPTIONS', path, undefined, undefined, preflight);
      expect([404, 405]).toContain(answer.status);
      expectSafe(answer.headers);
    },
  );
});
