import { CloudEvent, HTTP } from 'cloudevents';
import { v7 } from 'uuid';
import { expect, test } from 'vitest';
import { type Json, useApi } from './support/api.ts';
import { makeTenant, useDatabase } from './support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);
const tenant = await makeTenant(db);

type Message = { headers: Record<string, unknown>; body: unknown };

const whole = { prefer: 'return=representation' };

async function send({ headers, body }: Message) {
  const text = typeof body === 'string' || body instanceof Uint8Array ? body : body === undefined ? '' : JSON.stringify(body);
  const answer = await api.call('POST', '/v1/events', tenant.keys.ingest, text, {
    ...(headers as Record<string, string>),
    ...whole,
  });
  return { status: answer.status, code: answer.body.code, item: answer.body.items?.[0], body: answer.body };
}

async function stored(type: string): Promise<Json[]> {
  return (await api.call('GET', `/v1/events?type=${type}`, tenant.keys.read)).body.data;
}

// That client sends text unchanged, so text is JSON only if the sender quoted it.
const values: [name: string, data: unknown, datacontenttype?: string][] = [
  ['an object', { order: 7, text: 'ação; "x"', big: 12345678901234 }],
  ['an array', [1, 'two', null]],
  ['a text', 'plain text; "ação"', 'text/plain'],
  ['a number', 0],
  ['false', false],
  ['nothing', undefined],
];

test.each(values)(
  'the client of CloudEvents sends %s, in binary and in structured mode',
  async (name, data, datacontenttype) => {
    const of = {
      type: `sdk.${name.replaceAll(' ', '-')}.v1`,
      source: '/shop',
      subject: 'A-1',
      time: new Date().toISOString(),
      comexampleother: 'value one',
      ...(data !== undefined && { data }),
      ...(datacontenttype !== undefined && { datacontenttype }),
    };
    for (const write of [HTTP.binary, HTTP.structured]) {
      const event = new CloudEvent<unknown>({ ...of, id: v7() });
      const message = write(event) as Message;
      expect(await send(message)).toMatchObject({ status: 202, item: { status: 'accepted', id: event.id } });
      expect((await send(message)).item.status).toBe('duplicate');
      const read = (await stored(of.type)).find(({ id }) => id === event.id);
      expect(read).toMatchObject({ specversion: '1.0', source: '/shop', type: of.type, comexampleother: 'value one' });
      expect(read.data).toEqual(data);
    }
  },
);

test('bytes are stored as data_base64, in both modes', async () => {
  const bytes = Buffer.from([0, 255, 254, 1]);
  const of = { type: 'sdk.bytes.v1', source: '/camera', time: new Date().toISOString(), datacontenttype: 'image/png' };
  const binary = HTTP.binary(new CloudEvent({ ...of, id: v7(), data: new Uint8Array(bytes) }));
  expect(await send({ ...binary, body: bytes })).toMatchObject({ status: 202, item: { status: 'accepted' } });
  const structured = HTTP.structured(new CloudEvent({ ...of, id: v7(), data_base64: bytes.toString('base64') }));
  expect(await send(structured)).toMatchObject({ status: 202, item: { status: 'accepted' } });
  for (const read of await stored('sdk.bytes.v1')) {
    expect(read).toMatchObject({ datacontenttype: 'image/png', data_base64: 'AP/+AQ==' });
    expect(read.data).toBeUndefined();
  }
});

test('a batch is read', async () => {
  const events = [1, 2, 3].map((n) => new CloudEvent({ type: 'sdk.batch.v1', source: '/s', data: { n } }));
  const body = `[${events.map((event) => JSON.stringify(event)).join(',')}]`;
  const answer = await send({ headers: { 'content-type': 'application/cloudevents-batch+json' }, body });
  expect(answer.body).toMatchObject({ received: 3, accepted: 3 });
});

test('the body in binary mode is data, whatever it contains; the envelope is in the headers', async () => {
  const headers = {
    'content-type': 'application/json',
    'ce-specversion': '1.0',
    'ce-type': 'com.example.order.placed',
    'ce-id': 'A-1',
    'ce-source': '/shop',
    'ce-time': new Date().toISOString(),
    'ce-subject': 'Jo%C3%A3o %22x%22',
  };
  const body = '{"type":"refund","id":"r-1","amount":3.10}';
  expect((await send({ headers, body })).item).toMatchObject({ id: 'A-1', status: 'accepted' });
  expect((await send({ headers, body })).item).toMatchObject({ id: 'A-1', status: 'duplicate' });
  const text = (await api.call('GET', '/v1/events?type=com.example.order.placed', tenant.keys.read)).text;
  expect(text).toContain('"data":{"id": "r-1", "type": "refund", "amount": 3.10}');
  const plain = await api.call('GET', '/v1/events?subject=Jo%C3%A3o%20%22x%22', tenant.keys.read);
  expect(plain.body.data).toHaveLength(1);
});

test('text is data, too; a body that cannot be read is refused with a clear message', async () => {
  const headers = (more: object) => ({ 'ce-type': 'sdk.text.v1', 'ce-id': v7(), 'ce-source': '/s', ...more });
  expect(await send({ headers: headers({ 'content-type': 'text/csv' }), body: 'a;b\n1;2' })).toMatchObject({ status: 202 });
  expect((await stored('sdk.text.v1'))[0]).toMatchObject({ data: 'a;b\n1;2', datacontenttype: 'text/csv' });
  const odd: [Record<string, string>, string, number, string][] = [
    [{ 'content-type': 'application/json' }, '{"a":1},"type":"x"', 400, 'invalid-json'],
    [{ 'content-type': 'application/json', 'ce-subject': '%ff' }, '{}', 400, 'invalid-request'],
    [{ 'content-type': 'application/json', 'ce-my_name': 'x' }, '{}', 400, 'invalid-request'],
    [{ 'content-type': 'application/json', 'ce-specversion': '0.3' }, '{}', 202, 'unsupported-specversion'],
    [{ 'content-type': 'application/cloudevents+avro' }, '{}', 415, 'unsupported-media-type'],
  ];
  for (const [more, body, status, code] of odd) {
    const answer = await send({ headers: headers(more), body });
    expect([answer.status, answer.code ?? answer.item.code]).toEqual([status, code]);
  }
});

test('an Idempotency-Key covers the headers of binary mode', async () => {
  const headers = (id: string) => ({
    'content-type': 'application/json',
    'ce-type': 'sdk.once.v1',
    'ce-id': id,
    'ce-source': '/s',
    'idempotency-key': 'once',
  });
  expect((await send({ headers: headers('1'), body: '{}' })).status).toBe(202);
  expect((await send({ headers: headers('1'), body: '{}' })).status).toBe(202);
  expect(await send({ headers: headers('2'), body: '{}' })).toMatchObject({ status: 422, code: 'idempotency-mismatch' });
});
