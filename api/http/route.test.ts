import { expect, test } from 'vitest';
import { useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);
const tenant = await makeTenant(db);
const keys: Record<string, string> = { ...tenant.keys, operator: await makeOperatorKey(db) };

const WINDOW = '"from":"2026-10-01T00:00:00Z","to":"2026-10-02T00:00:00Z"';
const RULE = '"name":"a","metric":"events.count","condition":"above","threshold":1,"window_seconds":300';

// Each call has a place for the name of a member or parameter.
const NAMED: [string, string, (name: string) => string, ((name: string) => string)?][] = [
  ['POST', 'tenant_admin', () => '/v1/alerts/rules', (name) => `{${RULE},"filter":{"${name}":"x"}}`],
  ['POST', 'tenant_admin', () => '/v1/alerts/rules', (name) => `{${RULE},"${name}":"x"}`],
  ['POST', 'embed', () => '/v1/dashboards/error-patterns/embeds', (name) => `{"params":{"${name}":"x"}}`],
  ['POST', 'export', () => '/v1/exports', (name) => `{"dataset":"events","format":"csv",${WINDOW},"filter":{"${name}":"x"}}`],
  ['POST', 'tenant_admin', () => '/v1/quarantine/replay', (name) => `{"filter":{"${name}":"x"}}`],
  ['GET', 'read', (name) => `/v1/metrics/events.count?group_by=type,${name}`],
  ['GET', 'read', (name) => `/v1/metrics/events.count?filter[${name}]=x`],
  ['GET', 'read', (name) => `/v1/metrics/events.count?${name}=x`],
  ['GET', 'read', (name) => `/v1/dashboards/error-patterns/cards/top-rules?${name}=x`],
  ['GET', 'read', (name) => `/v1/events?${name}=x`],
  ['GET', 'export', (name) => `/v1/exports/stream?dataset=events&from=2026-10-01T00:00:00Z&${name}=x`],
];

test.each(NAMED)('%s with a %s key rejects member names that every object inherits', async (method, key, path, body) => {
  for (const name of ['__proto__', 'constructor', 'prototype', 'toString', '__defineGetter__']) {
    const answer = await api.call(method, path(name), keys[key], body?.(name));
    expect([name, answer.status, answer.body.code]).toEqual([name, 400, 'invalid-request']);
  }
});

test.each<[string, string, () => string, string, string]>([
  ['POST', 'tenant_admin', () => '/v1/alerts/rules', `{${RULE},"filter":{"__proto__":"x"}}`, '/filter/__proto__'],
  ['POST', 'operator', () => '/v1/tenants', '{"slug":"a","name":"a","attributes":{"__proto__":"x"}}', '/attributes/__proto__'],
  ['PATCH', 'operator', () => `/v1/tenants/${tenant.id}`, '{"attributes":{"__proto__":{}}}', '/attributes/__proto__'],
  [
    'PUT',
    'tenant_admin',
    () => '/v1/event-types/a.v1',
    '{"mode":"observe","schema":{"properties":{"__proto__":{}}}}',
    '/schema/properties/__proto__',
  ],
  ['POST', 'tenant_admin', () => '/v1/quarantine/replay', '{"__proto__":{"dry_run":true}}', '/__proto__'],
])('%s with a %s key reports the place of a member __proto__', async (method, key, path, body, pointer) => {
  const answer = await api.call(method, path(), keys[key], body);
  expect([answer.status, answer.body.errors]).toMatchObject([400, [{ pointer, code: 'reserved-name' }]]);
});

test.each<[string, string, string, string | undefined, string[]]>([
  [
    'POST',
    'tenant_admin',
    '/v1/alerts/rules',
    `{${RULE.replace('"name":"a"', '"nmae":"a"')}}`,
    ['"name" is missing.', '"nmae" is not a known member. Did you mean "name"?'],
  ],
  ['POST', 'tenant_admin', '/v1/alerts/rules', '[]', ['The body must be an object; it is a list.']],
  ['POST', 'tenant_admin', '/v1/alerts/rules', undefined, ['The body is missing.']],
  ['POST', 'tenant_admin', '/v1/alerts/endpoints', '{"kind":"sms"}', ['"kind" must be one of webhook, email; it is "sms".']],
  [
    'POST',
    'tenant_admin',
    '/v1/alerts/endpoints',
    '{"kind":"webhook","url":"https://somebody:hush@hook.invalid/"}',
    ['"url" must not contain a user name or a password; it is "https://somebody:[Redacted]@hook.invalid…".'],
  ],
  [
    'GET',
    'tenant_admin',
    `/v1/quarantine?filter[code]=${'x'.repeat(999)}`,
    undefined,
    ['"filter[code]" must be a string of at most 100 characters; it has 999 characters.'],
  ],
  ['GET', 'read', '/v1/events?limit=5000', undefined, ['"limit" must be a whole number from 1 to 1000; it is 5000.']],
  [
    'GET',
    'tenant_admin',
    '/v1/alerts/deliveries?limt=5',
    undefined,
    ['"limt" is not a known parameter. Did you mean "limit"?'],
  ],
  ['GET', 'tenant_admin', '/v1/alerts/rules/x', undefined, ['"id" must be a UUID; it is "x".']],
  [
    'GET',
    'export',
    '/v1/exports/stream?dataset=event&from=today',
    undefined,
    [
      '"dataset" must be one of events, metrics, test_results; it is "event".',
      '"from" must be a time as RFC 3339 with its offset, e.g. 2026-01-31T12:00:00Z; it is "today".',
    ],
  ],
  [
    'POST',
    'operator',
    '/v1/tenants',
    '{"slug":"-","name":5}',
    [
      '"slug" must have 1 to 63 characters out of a-z, 0-9 and hyphens, and not start with a hyphen; it is "-".',
      '"name" must be a string of 1 to 200 characters; it is 5.',
    ],
  ],
  [
    'PUT',
    'tenant_admin',
    '/v1/event-types/a.v1',
    '{"mode":"observe","schema":{"type":"nonsense"}}',
    ['"schema.type" must be one of "array", "boolean", "integer", "null", "number", "object", "string".'],
  ],
])('%s with a %s key to %s says what was expected, what it got and where', async (method, key, path, body, details) => {
  const answer = await api.call(method, path, keys[key], body);
  expect(answer.body.errors.map(({ detail }: { detail: string }) => detail)).toEqual(details);
});

test.each([
  ['{"password":"hush",x}', 'The body is not valid JSON: unexpected character at position 19.'],
  ['{"password":"hu', 'The body is not valid JSON'],
  ['hush', 'The body must be a JSON object or array.'],
])('a body that is not JSON is refused without quoting it: %s', async (body, detail) => {
  const answer = await api.call('POST', '/v1/alerts/rules', keys.tenant_admin, body);
  expect([answer.status, answer.body.code, answer.body.detail]).toEqual([400, 'invalid-json', expect.stringContaining(detail)]);
  expect(answer.text).not.toContain('hu');
});
