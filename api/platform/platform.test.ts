import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test } from 'vitest';
import { type Answer, type Json, useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);
const tenant = await makeTenant(db, { slug: 'secret-customer' });
const operator = await makeOperatorKey(db);

function expectProblem(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.body?.code]).toEqual([status, code]);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const id = answer.headers.get('x-request-id');
  expect(answer.body).toMatchObject({
    type: `urn:mirante:problem:${code}`,
    title: expect.any(String),
    status,
    instance: `urn:mirante:request:${id}`,
  });
}

describe('every refusal is problem+json', () => {
  const operatorCall = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
    api.call(method, path, operator, body, headers);

  test('unknown paths and methods', async () => {
    for (const path of ['/v1', '/v1/nothing', '/v1/tenants/a/b/c', '/docs/none.js', '/favicon.ico']) {
      expectProblem(await api.call('GET', path), 404, 'not-found');
    }
    for (const [method, path, allow] of [
      ['PUT', '/v1/events', 'GET, POST'],
      ['POST', '/livez', 'GET'],
      ['DELETE', '/openapi.json', 'GET'],
      ['PATCH', `/v1/tenants/${tenant.id}/keys`, 'GET, POST'],
      ['DELETE', '/v1/event-types/a.b', 'GET, PUT'],
    ] as const) {
      const answer = await operatorCall(method, path);
      expectProblem(answer, 405, 'method-not-allowed');
      expect(answer.headers.get('allow')?.split(', ').sort().join(', ')).toBe(allow);
    }
  });

  test('bad bodies, paths and parameters', async () => {
    expectProblem(await operatorCall('POST', '/v1/tenants', '{"slug":'), 400, 'invalid-json');
    expectProblem(
      await operatorCall('POST', '/v1/tenants', '{}', { 'content-type': 'application/json; charset=latin1' }),
      415,
      'unsupported-media-type',
    );
    expectProblem(await operatorCall('POST', '/v1/tenants', `{"slug":"${'x'.repeat(1_100_000)}"}`), 413, 'too-large');
    expectProblem(
      await operatorCall('POST', '/v1/tenants', `${'['.repeat(200_000)}${']'.repeat(200_000)}`),
      400,
      'invalid-request',
    );
    expectProblem(await operatorCall('POST', '/v1/tenants', undefined), 400, 'invalid-request');
    expectProblem(await operatorCall('GET', '/v1/tenants/%E0%A4%A'), 400, 'invalid-request');
    expectProblem(await operatorCall('GET', '/v1/tenants?limit=0'), 400, 'invalid-request');
    expectProblem(await operatorCall('GET', '/v1/tenants?limit=1&limit=2'), 400, 'invalid-request');
    const bad = await operatorCall('POST', '/v1/tenants', { slug: 'Ä', name: '', extra: 1 });
    expectProblem(bad, 400, 'invalid-request');
    expect(bad.body.errors.map((fault: Json) => fault.pointer).sort()).toEqual(['', '/name', '/slug']);
  });

  test('text that PostgreSQL cannot store', async () => {
    for (const text of ['a\\u0000b', '\\ud800']) {
      const answer = await operatorCall('POST', '/v1/tenants', `{"slug":"nul","name":"n","attributes":{"x":"${text}"}}`);
      expectProblem(answer, 400, 'invalid-request');
      expect(answer.body.errors).toMatchObject([{ pointer: '/attributes/x', code: 'invalid-text' }]);
      const schema = `{"mode":"observe","schema":{"title":"${text}"}}`;
      expectProblem(await api.call('PUT', '/v1/event-types/a', tenant.keys.tenant_admin, schema), 400, 'invalid-request');
    }
    for (const path of ['/v1/events?type=%00', '/v1/events?subject=a%00']) {
      expectProblem(await api.call('GET', path, tenant.keys.read), 400, 'invalid-request');
    }
    expectProblem(await api.call('GET', '/v1/event-types/%00', tenant.keys.tenant_admin), 400, 'invalid-request');
  });

  test('no key and a wrong scope', async () => {
    const open = await api.call('GET', '/v1/tenants');
    expectProblem(open, 401, 'unauthenticated');
    expect(open.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expectProblem(await api.call('GET', '/v1/tenants', tenant.keys.tenant_admin), 403, 'wrong-scope');
  });
});

test('X-Request-Id is the client’s if it is valid, else a new one', async () => {
  const idOf = async (sent: string) =>
    (await api.call('GET', '/livez', undefined, undefined, { 'x-request-id': sent })).headers.get('x-request-id');
  expect(await idOf('order-1:2.3_4')).toBe('order-1:2.3_4');
  for (const odd of ['a b', '<script>', 'x'.repeat(129), '"']) {
    expect(await idOf(odd)).toMatch(/^[0-9a-f]{8}-/);
  }
  const events = await api.call('POST', '/v1/events', tenant.keys.ingest, { type: 'a' }, { 'x-request-id': 'mine' });
  expect(events.headers.get('x-request-id')).toBe('mine');
});

describe('the document', () => {
  const document = async () => (await api.call('GET', '/openapi.json')).body;

  test('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    const result = await validator.validate(await document());
    expect(result).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  test('shows each call of the contract for this version', async () => {
    const { paths } = await document();
    const calls = Object.entries<Json>(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(calls).toEqual(
      expect.arrayContaining([
        'get /livez',
        'get /readyz',
        'post /v1/tenants',
        'get /v1/tenants',
        'get /v1/tenants/{id}',
        'patch /v1/tenants/{id}',
        'post /v1/tenants/{id}/keys',
        'get /v1/tenants/{id}/keys',
        'delete /v1/tenants/{id}/keys/{keyId}',
        'post /v1/events',
        'get /v1/events',
        'put /v1/event-types/{type}',
        'get /v1/event-types/{type}',
        'get /v1/event-types',
        'get /v1/quarantine',
        'post /v1/quarantine/replay',
        'get /v1/privacy/records',
        'delete /v1/privacy/pseudonym-key',
        'get /v1/metrics',
        'get /v1/metrics/{name}',
        'get /v1/audit-log',
        'get /v1/alerts',
        'get /v1/alerts/deliveries',
        'post /v1/alerts/rules',
        'get /v1/alerts/rules',
        'get /v1/alerts/rules/{id}',
        'patch /v1/alerts/rules/{id}',
        'delete /v1/alerts/rules/{id}',
        'post /v1/alerts/rules/{id}/test',
        'post /v1/alerts/endpoints',
        'get /v1/alerts/endpoints',
        'get /v1/alerts/endpoints/{id}',
        'delete /v1/alerts/endpoints/{id}',
        'post /v1/alerts/endpoints/{id}/rotate-secret',
        'get /openapi.json',
        'get /docs',
      ]),
    );
  });

  test('shows the request and the answers of POST /v1/events', async () => {
    const { post } = (await document()).paths['/v1/events'];
    expect(Object.keys(post.requestBody.content)).toEqual([
      'application/json',
      'application/cloudevents+json',
      'application/cloudevents-batch+json',
      'application/x-ndjson',
    ]);
    expect(post.requestBody.content['application/json'].schema.anyOf.map((form: Json) => form.type)).toEqual([
      'object',
      'array',
    ]);
    expect(post.parameters.map((parameter: Json) => parameter.name)).toEqual([
      'Idempotency-Key',
      'Prefer',
      'Content-Encoding',
      'ce-type',
    ]);
    const receipt = post.responses[202].content['application/json'].schema;
    expect(Object.keys(receipt.properties)).toEqual([
      'received',
      'accepted',
      'duplicates',
      'conflicts',
      'quarantined',
      'rejected',
      'warnings',
      'items',
    ]);
    expect(post.responses[422].content).toMatchObject(post.responses[202].content);
    expect(post['x-scopes']).toEqual(['ingest']);
  });
});

describe('/docs', () => {
  test('names only its own files, and they exist', async () => {
    const page = await api.call('GET', '/docs');
    expect(page.status).toBe(200);
    const files = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file as string);
    const assets = files.filter((file) => file.startsWith('/assets/'));
    expect(assets.length).toBeGreaterThan(2);
    for (const file of assets) expect((await api.call('GET', file)).status).toBe(200);
    expect(files.filter((file) => !/^(\/|#)/.test(file))).toEqual([]);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/https?:|upgrade-insecure-requests|unsafe/);
  });
});

describe('what the platform reports about itself', () => {
  test('requests become events of the operations tenant, without any customer’s content', async () => {
    await api.call('GET', '/v1/event-types/very.private.type', tenant.keys.tenant_admin);
    await api.call('POST', '/v1/events?secret=1', tenant.keys.ingest, { type: 'very.private.type', subject: 'somebody' });
    await api.call('GET', '/no/such/very-private-path');
    const own = async () => {
      const { rows } = await db.owner.query<{
        type: string;
        subject: string | null;
        attributes: unknown;
        data: Json;
        text: string;
      }>(
        `select type, subject, attributes, data, e::text as text from private.events e
         where tenant_id = (select id from private.tenants where kind = 'operations')`,
      );
      return rows;
    };
    const routes = async () => (await own()).map(({ data }) => `${data.method} ${data.route} ${data.status}`);
    await expect
      .poll(routes, { timeout: 60_000 })
      .toEqual(expect.arrayContaining(['GET /v1/event-types/:type 404', 'POST /v1/events 202', 'GET unmatched 404']));
    for (const row of await own()) {
      expect([row.type, row.subject, row.attributes]).toEqual(['mirante.http.request.v1', null, null]);
      expect(Object.keys(row.data).sort()).toEqual(['duration_ms', 'method', 'outcome', 'route', 'status']);
      expect(row.text).not.toMatch(/private|secret|somebody/);
      expect(row.text).not.toContain(tenant.id);
    }
  });

  test('/metrics is OpenMetrics and names no tenant', async () => {
    const response = await fetch(`${api.metricsUrl}/metrics`);
    const text = await response.text();
    expect(response.headers.get('content-type')).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
    expect(text.endsWith('# EOF\n')).toBe(true);
    expect(text).toMatch(/^mirante_events_total\{status="accepted"\} \d+/m);
    expect(text).toMatch(/^mirante_http_request_duration_seconds_count\{.*route="\/v1\/event-types\/:type"/m);
    expect(text).not.toMatch(/[{,]tenant\w*="|secret-customer|private/);
    expect(text).not.toContain(tenant.id);
    expect((await fetch(`${api.url}/metrics`)).status).toBe(404);
    expect((await fetch(`${api.metricsUrl}/`)).status).toBe(404);
  });

  test.each([
    [
      'what Prometheus sends',
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
      true,
    ],
    ['a browser', 'text/html,application/xhtml+xml,*/*;q=0.8', true],
    ['only text', 'text/plain;version=0.0.4', false],
    ['text rather than OpenMetrics', 'application/openmetrics-text;version=1.0.0;q=0.2,text/plain;version=0.0.4;q=0.5', false],
  ])('/metrics with a query, requested by %s, has the preferred format', async (_, accept, isOpenMetrics) => {
    const response = await fetch(`${api.metricsUrl}/metrics?module=api`, { headers: { accept } });
    const text = await response.text();
    expect([response.status, response.headers.get('vary')]).toEqual([200, 'Accept']);
    expect(response.headers.get('content-type')).toMatch(
      isOpenMetrics ? /^application\/openmetrics-text/ : /^text\/plain; version=0\.0\.4/,
    );
    expect(text.includes('# EOF')).toBe(isOpenMetrics);
    expect(text).toMatch(/^mirante_events_total\{status="accepted"\} \d+/m);
    expect(text.includes('# TYPE mirante_events_total counter')).toBe(!isOpenMetrics);
  });

  test('the detail of a refusal begins with the place of the fault, if there is one', async () => {
    const idempotency = { 'idempotency-key': 'x'.repeat(300) };
    const whole = await api.call('POST', '/v1/events', tenant.keys.ingest, [{ type: 'a' }], idempotency);
    expect(whole.body.detail).toBe('The Idempotency-Key is longer than 255 characters.');
    const member = await api.call('GET', '/v1/events?limit=0', tenant.keys.read);
    expect(member.body.detail).toMatch(/^\/limit: /);
  });

  test('a 404 for an unknown path names the nearest call', async () => {
    const nearest = async (path: string) => (await api.call('GET', path, tenant.keys.read)).body.detail;
    expect(await nearest('/v1/metric/events.count')).toContain('GET /v1/metrics/{name}');
    expect(await nearest('/v1/event')).toContain('/v1/events');
    expect(await nearest(`/v1/exports/${tenant.id}/file/events.csv`)).toContain('GET /v1/exports/{id}/files/{name}');
    expect(await nearest('/readiness')).toContain('GET /readyz');
    expect(await nearest(`/${'x'.repeat(5000)}/${'/'.repeat(5000)}`)).toContain('The nearest call');
  });

  test('/livez and /readyz return status and checks', async () => {
    expect(await api.call('GET', '/livez')).toMatchObject({ status: 200, body: { status: 'ok', checks: {} } });
    const ready = await api.call('GET', '/readyz');
    expect(ready).toMatchObject({ status: 200, body: { checks: { database: { status: 'ok' } } } });
  });
});
