import { expect, test } from 'vitest';
import { signedIn } from '../../test/support/admin-console.ts';
import { useApi } from '../../test/support/api.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';
import { seenFields } from './seen.ts';

const TYPE = 'com.example.order.placed.v1';
const db = await useDatabase();
const api = await useApi(db);
const [tenant, other] = [await makeTenant(db), await makeTenant(db)];

test('fields and violations of a type, as its events have them, without personal values', async () => {
  const key = tenant.keys.tenant_admin;
  const schema = { type: 'object', properties: { email: { format: 'email' }, rows: { type: 'integer' } } };
  const define = (mode: string, properties: object = schema.properties) =>
    api.call('PUT', `/v1/event-types/${TYPE}`, key, {
      schema: { ...schema, properties },
      mode,
      personal_fields: ['/email', '/buyers/*/name'],
    });
  expect((await define('quarantine')).status).toBe(201);
  const events = Array.from({ length: 40 }, (_, n) => ({
    id: `${n}`,
    type: TYPE,
    source: 'shop',
    time: new Date(Date.now() - n * 1000).toISOString(),
    data: {
      email: `person-${n % 2}@example.com`,
      buyers: [{ name: 'Ada', age: 30 + n }],
      market: n % 2 ? 'shopee' : 'olx',
      ...(n % 4 === 0 && { rows: n % 8 ? 1.5 : n }),
    },
  }));
  const { body } = await api.call('POST', '/v1/events', tenant.keys.ingest, events);
  expect(body).toMatchObject({ accepted: 35, quarantined: 5 });

  const fields = await api.call('GET', `/v1/event-types/${TYPE}/fields`, tenant.keys.read);
  expect(fields.body.events).toBe(35);
  const of = (pointer: string) => fields.body.data.find((one: { pointer: string }) => one.pointer === pointer);
  expect(of('/market')).toEqual({
    pointer: '/market',
    types: ['string'],
    share: 1,
    distinct: 2,
    personal: false,
    values: ['olx', 'shopee'],
  });
  expect(of('/email')).toMatchObject({ personal: true, distinct: 2, values: null });
  expect(of('/buyers/*/name')).toMatchObject({ personal: true, values: null });
  expect(of('/buyers/*/age')).toMatchObject({ types: ['integer'], personal: false, distinct: 35, values: null });
  expect(of('/rows')).toMatchObject({ types: ['integer'], share: 5 / 35, values: null });
  expect(fields.text).not.toMatch(/person-|Ada/);

  const found = await api.call('GET', `/v1/event-types/${TYPE}/violations`, key);
  expect(found.body).toMatchObject({ checked: 35, stored: [] });
  expect(found.body.refused).toMatchObject([{ code: 'schema-mismatch', pointer: '/data/rows', events: 5 }]);
  await define('observe', { market: { const: 'olx' } });
  const later = await api.call('GET', `/v1/event-types/${TYPE}/violations`, key);
  expect(later.body.stored).toMatchObject([{ code: 'schema-mismatch', pointer: '/data/market', events: 20 }]);

  const { get } = await signedIn(api, tenant);
  const { text } = await get(`/app/event-types/${TYPE}`);
  for (const shown of [
    'Fields seen in practice',
    '<code>shopee</code>',
    '<code>/buyers/*/name</code>',
    '<code>/data/market</code>',
    'in quarantine',
  ])
    expect(text).toContain(shown);
  expect(text).not.toMatch(/person-\d|>Ada</);
});

test('another tenant has no fields of them, and a viewer no violations', async () => {
  const answer = await api.call('GET', `/v1/event-types/${TYPE}/fields`, other.keys.read);
  expect(answer.body).toEqual({ events: 0, data: [] });
  expect((await api.call('GET', `/v1/event-types/${TYPE}/violations`, tenant.keys.read)).status).toBe(403);
});

test('values that do not repeat are not shown, nor anything around or inside a personal field', () => {
  const events = Array.from({ length: 30 }, (_, n) => ({
    few: n % 2,
    each: n,
    person: { city: 'Recife' },
    'a/b': { x: [1, [2]] },
  }));
  const byPointer = new Map(seenFields(events, ['/person/name', '/a~1b']).map((one) => [one.pointer, one]));
  expect(byPointer.get('/few')?.values).toEqual([0, 1]);
  expect(byPointer.get('/each')?.values).toBeNull();
  expect(byPointer.get('/person')?.personal).toBe(true);
  expect(byPointer.get('/person/city')?.values).toEqual(['Recife']);
  expect(byPointer.get('/a~1b/x/*')).toMatchObject({ personal: true, values: null, types: ['array', 'integer'] });
});
