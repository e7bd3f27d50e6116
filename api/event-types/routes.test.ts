import { v4 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { type Json, useApi } from '../../test/support/api.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);
const tenant = await makeTenant(db);

const put = (type: string, body: unknown, who = tenant) =>
  api.call('PUT', `/v1/event-types/${type}`, who.keys.tenant_admin, body);
const send = (type: string, data: unknown, who = tenant) =>
  api.call('POST', '/v1/events', who.keys.ingest, { id: v4(), time: new Date().toISOString(), type, data });

const SCHEMA = { type: 'object', required: ['rows'], properties: { rows: { type: 'integer', minimum: 0 } } };

test('each change creates a new version, and a repetition does not', async () => {
  const first = await put('a.v1', { schema: SCHEMA, mode: 'observe', description: 'rows' });
  expect(first.status).toBe(201);
  expect(first.body).toMatchObject({ type: 'a.v1', version: 1, schema: SCHEMA, mode: 'observe', description: 'rows' });
  const { type, required, properties } = SCHEMA;
  const same = await put('a.v1', { mode: 'observe', description: 'rows', schema: { properties, required, type } });
  expect([same.status, same.body.version]).toEqual([200, 1]);
  expect((await put('a.v1', { schema: SCHEMA, mode: 'reject' })).body).toMatchObject({ version: 2, description: null });
  const got = await api.call('GET', '/v1/event-types/a.v1', tenant.keys.tenant_admin);
  expect(got.body).toMatchObject({ version: 2, mode: 'reject' });
  await put('b.v1', { schema: {}, mode: 'observe' });
  const list = await api.call('GET', '/v1/event-types?limit=1', tenant.keys.tenant_admin);
  expect(list.body.data.map((row: Json) => [row.type, row.version])).toEqual([['a.v1', 2]]);
  const rest = await api.call('GET', `/v1/event-types?cursor=${list.body.next_cursor}`, tenant.keys.tenant_admin);
  expect(rest.body.data.map((row: Json) => row.type)).toEqual(['b.v1']);
  expect((await api.call('GET', '/v1/event-types/none', tenant.keys.tenant_admin)).status).toBe(404);
});

test("a schema checks an event's own members, never those that every object inherits", async () => {
  const names = ['constructor', 'toString', 'valueOf', 'hasOwnProperty'];
  const texts = Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
  await put('inherited.v1', { schema: { properties: texts }, mode: 'reject' });
  expect((await send('inherited.v1', {})).status).toBe(202);
  expect((await send('inherited.v1', { constructor: 1 })).body.items[0]).toMatchObject({ pointer: '/data/constructor' });
  await put('required.v1', { schema: { required: names }, mode: 'reject' });
  expect((await send('required.v1', {})).body.items[0]).toMatchObject({ code: 'schema-mismatch' });
  expect((await send('required.v1', Object.fromEntries(names.map((name) => [name, 'x'])))).status).toBe(202);
});

test('concurrent changes get different versions', async () => {
  const answers = await Promise.all([1, 2, 3, 4].map((minimum) => put('raced.v1', { schema: { minimum }, mode: 'observe' })));
  const made = answers.filter(({ status }) => status === 201).map(({ body }) => body.version);
  expect(made.length).toBeGreaterThan(0);
  expect(new Set(made).size).toBe(made.length);
  for (const { status, body } of answers) if (status !== 201) expect([status, body.code]).toEqual([409, 'version-conflict']);
});

test.each([
  ['a type that is none', { type: 'objekt' }],
  ['a keyword of the wrong form', { required: 'rows' }],
  ['a reference to nowhere', { $ref: '#/$defs/none' }],
  ['a reference to elsewhere', { $ref: 'https://example.com/schema.json' }],
  ['a draft that is not read', { $schema: 'http://json-schema.org/draft-04/schema#', type: 'object' }],
  ['a schema that would answer later', { $async: true, required: ['rows'] }],
  [
    'a part that would answer later',
    { properties: { a: { $ref: '#/$defs/a' } }, $defs: { a: { $async: true, required: ['x'] } } },
  ],
])('%s is 422 invalid-schema', async (_, schema) => {
  const answer = await put('bad.v1', { schema, mode: 'reject' });
  expect(answer).toMatchObject({ status: 422, body: { code: 'invalid-schema', errors: [{ pointer: '/schema' }] } });
  expect((await send('bad.v1', {})).body.accepted).toBe(1);
});

test.each([
  ['does not parse', '('],
  ['looks ahead', '^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$'],
  ['refers back', '(a)\\1'],
  ['grows without end', '((a{500}){500}){500}'],
])('a pattern that %s is refused with its place and its text', async (_, pattern) => {
  const schema = { properties: { 'a/b': { anyOf: [{ type: 'number' }, { pattern }] }, pattern: { const: { pattern: '(' } } } };
  const { status, body } = await put('bad.v1', { schema, mode: 'quarantine' });
  expect([status, body.code, body.errors.length]).toEqual([422, 'invalid-schema', 1]);
  expect(body.errors[0]).toMatchObject({ pointer: '/schema/properties/a~1b/anyOf/1/pattern', code: 'invalid-pattern' });
  expect(body.detail).toContain(JSON.stringify(pattern).slice(0, 40));
  expect(body.detail).toContain('does not support lookahead');
});

test.each([
  ['draft-07', 'http://json-schema.org/draft-07/schema#', { items: [{ type: 'string' }], additionalItems: false }],
  ['draft-06', 'http://json-schema.org/draft-06/schema', { items: [{ type: 'string' }], additionalItems: false }],
  ['2019-09', 'https://json-schema.org/draft/2019-09/schema', { items: [{ type: 'string' }], additionalItems: false }],
  ['2020-12', 'https://json-schema.org/draft/2020-12/schema', { prefixItems: [{ type: 'string' }], items: false }],
])('%s is validated by its own rules', async (name, $schema, list) => {
  const schema = { $schema, type: 'object', properties: { list } };
  expect((await put(`${name}.v1`, { schema, mode: 'quarantine' })).body).toMatchObject({ version: 1, schema });
  expect((await send(`${name}.v1`, { list: ['a'] })).body.accepted).toBe(1);
  expect((await send(`${name}.v1`, { list: ['a', 'b'] })).body.quarantined).toBe(1);
});

test('in mode observe the receipt warns', async () => {
  await put('watched.v1', { schema: SCHEMA, mode: 'observe' });
  const { body } = await send('watched.v1', { rows: -1 });
  expect(body).toMatchObject({ accepted: 1, warnings: [{ index: 0, code: 'schema-mismatch', pointer: '/data/rows' }] });
});

test('bad input is 400', async () => {
  for (const body of [
    { schema: SCHEMA },
    { schema: [], mode: 'observe' },
    { schema: {}, mode: 'strict' },
    { schema: {}, mode: 'observe', x: 1 },
  ]) {
    expect((await put('a.v1', body)).status).toBe(400);
  }
});

describe('an event that does not match its schema', () => {
  test.each([
    ['observe', 202, { accepted: 1 }, 'accepted'],
    ['quarantine', 202, { quarantined: 1 }, 'quarantined'],
    ['reject', 422, { rejected: 1 }, 'rejected'],
  ] as const)('mode %s', async (mode, status, counts, word) => {
    const who = await makeTenant(db);
    await put('t.v1', { schema: SCHEMA, mode }, who);
    expect((await send('t.v1', { rows: 3 }, who)).body).toMatchObject({ accepted: 1, items: [] });
    const body = { id: v4(), time: new Date().toISOString(), type: 't.v1', data: { rows: -1 } };
    const bad = await api.call('POST', '/v1/events', who.keys.ingest, body, { prefer: 'return=representation' });
    expect(bad.status).toBe(status);
    const items = [{ index: 0, id: body.id, status: word, code: 'schema-mismatch', detail: expect.any(String) }];
    expect(bad.body).toMatchObject({ received: 1, ...counts, items });
    if (mode !== 'observe') expect(bad.body.items[0].pointer).toBe('/data/rows');
    expect((await send('t.v1', undefined, who)).body).toMatchObject(counts);
    expect((await send('other.v1', { rows: -1 }, who)).body.accepted).toBe(1);
    const kept = await api.call('GET', '/v1/quarantine', who.keys.tenant_admin);
    expect(kept.body.data.map((row: Json) => [row.code, row.status, row.type])).toEqual(
      mode === 'observe' ? [] : Array(2).fill(['schema-mismatch', word, 't.v1']),
    );
  });

  test('one tenant’s schema does not apply to another’s events, and a new version applies at once', async () => {
    const [mine, theirs] = [await makeTenant(db), await makeTenant(db)];
    await put('t.v1', { schema: { $id: 'https://example.com/same', required: ['a'] }, mode: 'reject' }, mine);
    expect(
      (await put('t.v1', { schema: { $id: 'https://example.com/same', required: ['b'] }, mode: 'reject' }, theirs)).body,
    ).toMatchObject({
      version: 1,
    });
    expect((await send('t.v1', { a: 1 }, mine)).status).toBe(202);
    expect((await send('t.v1', { a: 1 }, theirs)).status).toBe(422);
    await put('t.v1', { schema: { required: ['a'] }, mode: 'reject' }, theirs);
    expect((await send('t.v1', { a: 1 }, theirs)).status).toBe(202);
  });
});

test('a pattern with catastrophic backtracking elsewhere runs fast here', async () => {
  const schema = {
    properties: { text: { pattern: '^(([a-z])+.)+[A-Z]([a-z])+$' } },
    patternProperties: { '^(a+)+$': { type: 'string' } },
  };
  await put('slow.v1', { schema, mode: 'reject' });
  const started = performance.now();
  const text = await send('slow.v1', { text: 'a'.repeat(20_000) });
  const name = await send('slow.v1', { [`${'a'.repeat(20_000)}!`]: 1 });
  expect(performance.now() - started).toBeLessThan(2_000);
  expect([text.body.items[0].pointer, name.body.accepted]).toEqual(['/data/text', 1]);
});

test('each pattern applies to its own member', async () => {
  const schema = {
    properties: { a: { pattern: '^a$' }, b: { pattern: '^b$' } },
    patternProperties: { '^x-': { type: 'string' } },
  };
  await put('patterns.v1', { schema, mode: 'reject' });
  expect((await send('patterns.v1', { a: 'a', b: 'b', 'x-y': 'z', y: 1 })).body.accepted).toBe(1);
  for (const [bad, pointer] of [
    [{ a: 'b' }, '/data/a'],
    [{ b: 'a' }, '/data/b'],
    [{ 'x-y': 1 }, '/data/x-y'],
  ] as const) {
    expect((await send('patterns.v1', bad)).body.items).toMatchObject([{ status: 'rejected', pointer }]);
  }
});

test('a schema that takes too long for an event is stopped, and other requests are answered meanwhile', async () => {
  const pattern = { pattern: '^(([a-z])+.)+[A-Z]([a-z])+$' };
  const schema = {
    properties: { text: { anyOf: Array.from({ length: 400 }, () => ({ $ref: '#/$defs/p' })) } },
    $defs: { p: pattern },
  };
  expect((await put('heavy.v1', { schema, mode: 'quarantine' })).status).toBe(201);
  const event = () => ({ id: v4(), time: new Date().toISOString(), type: 'heavy.v1', data: { text: 'a'.repeat(60_000) } });
  const order: string[] = [];
  const heavy = api.call('POST', '/v1/events', tenant.keys.ingest, Array.from({ length: 20 }, event));
  const note = (word: string) => () => order.push(word);
  const light = Array.from({ length: 3 }, () => api.call('GET', '/livez'));
  await Promise.all([heavy.then(note('heavy')), ...light.map((answer) => answer.then(note('light')))]);
  expect(order.indexOf('heavy')).toBe(3);
  const { quarantined, items } = (await heavy).body;
  expect([quarantined, items[0].detail]).toEqual([20, 'Checking this event against the schema takes too long.']);
});

test('a recursive schema is refused with an explanation', async () => {
  const schema = { properties: { next: { $ref: '#' } } };
  const answer = await put('tree.v1', { schema, mode: 'reject' });
  expect(answer).toMatchObject({ status: 422, body: { errors: [{ detail: expect.stringContaining('Recursive schemas') }] } });
});
