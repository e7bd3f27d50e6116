import { v4 } from 'uuid';
import { beforeEach, expect, test } from 'vitest';
import { type Json, useApi } from '../../test/support/api.ts';
import { makeTenant, type TestTenant, useDatabase } from '../../test/support/harness.ts';

let tenant: TestTenant;

const db = await useDatabase();
const api = await useApi(db);
beforeEach(async () => {
  tenant = await makeTenant(db);
});

const now = () => new Date().toISOString();
const send = (body: unknown, headers: Record<string, string> = {}) =>
  api.call('POST', '/v1/events', tenant.keys.ingest, body, headers);
const list = async (query = '') => (await api.call('GET', `/v1/quarantine${query}`, tenant.keys.tenant_admin)).body;
const replay = async (body: object = {}) => {
  const answer = await api.call('POST', '/v1/quarantine/replay', tenant.keys.tenant_admin, body);
  expect(answer.status).toBe(200);
  const { received, accepted, duplicates, conflicts, quarantined, rejected } = answer.body;
  expect(accepted + duplicates + conflicts + quarantined + rejected).toBe(received);
  return answer.body;
};
const stored = async () => (await api.call('GET', '/v1/events', tenant.keys.read)).body.data;
const putType = (required: string[]) =>
  api.call('PUT', '/v1/event-types/t.v1', tenant.keys.tenant_admin, { schema: { required }, mode: 'quarantine' });

test('refused input is listed newest first, filtered, in pages, as it was sent', async () => {
  const odd = ' { "type" : "a",\t"id": 7 } ';
  await send(`[${odd}]`);
  await send({ type: 'b', data_base64: 5 });
  await send(Buffer.from([0x22, 0xc3, 0x28, 0x22]));
  const all = await list();
  expect(all.data.map((row: Json) => row.code)).toEqual(['invalid-encoding', 'invalid-data', 'invalid-id']);
  expect(all.data[2]).toMatchObject({ raw: odd.trim(), type: 'a', status: 'quarantined', pointer: '/id', replayed_at: null });
  expect(all.data[0]).toMatchObject({ raw: null, raw_base64: Buffer.from([0x22, 0xc3, 0x28, 0x22]).toString('base64') });
  expect(all.data[1].raw_base64).toBeUndefined();
  expect(Object.keys(all.data[1])).not.toContain('key_name');

  expect((await list('?code=invalid-id')).data).toEqual([all.data[2]]);
  expect((await list('?type=b')).data).toEqual([all.data[1]]);
  const between = `?from=${all.data[1].received_at}&to=${new Date(Date.parse(all.data[0].received_at) + 1).toISOString()}`;
  expect((await list(between)).data.map((row: Json) => row.code)).toContain('invalid-data');
  const first = await list('?limit=2');
  const second = await list(`?limit=2&cursor=${first.next_cursor}`);
  expect([...first.data, ...second.data]).toEqual(all.data);
  expect((await api.call('GET', '/v1/quarantine?cursor=x', tenant.keys.tenant_admin)).status).toBe(400);
  expect((await api.call('GET', '/v1/quarantine', tenant.keys.read)).status).toBe(403);
  const other = await makeTenant(db);
  expect((await api.call('GET', '/v1/quarantine', other.keys.tenant_admin)).body.data).toEqual([]);
});

test('a dry run recognises events that are already stored', async () => {
  const event = { id: v4(), type: 'foreseen.v1', time: now(), source: 's', data: { n: 1 } };
  await send([event, { ...event, data: { n: 2 } }]);
  const filter = { type: 'foreseen.v1' };
  const dry = await replay({ filter, dry_run: true });
  expect(dry).toMatchObject({ received: 1, accepted: 0, conflicts: 1, items: [{ status: 'conflict', id: event.id }] });
  expect(await replay({ filter })).toMatchObject({ accepted: 0, conflicts: 1 });
});

test('a replay after the schema was corrected stores each event once', async () => {
  await putType(['rows']);
  const events = [1, 2, 3].map((n) => ({ id: v4(), type: 't.v1', time: now(), source: 's', data: { n } }));
  expect((await send(events)).body.quarantined).toBe(3);
  expect(await replay({ dry_run: true })).toMatchObject({ dry_run: true, received: 3, accepted: 0, quarantined: 3 });
  await putType([]);

  const dry = await replay({ filter: { code: 'schema-mismatch' }, dry_run: true });
  expect(dry).toMatchObject({ dry_run: true, received: 3, accepted: 3 });
  expect(dry.items.map((item: Json) => item.id).sort()).toEqual(events.map(({ id }) => id).sort());
  expect(await stored()).toEqual([]);

  const ids = (await list()).data.map((row: Json) => row.id);
  expect(await replay({ filter: { ids: [ids[0]] } })).toMatchObject({ dry_run: false, received: 1, accepted: 1 });
  expect(await replay()).toMatchObject({ received: 2, accepted: 2, items: [{ status: 'accepted' }, { status: 'accepted' }] });
  expect((await stored()).map((row: Json) => row.data.n).sort()).toEqual([1, 2, 3]);
  expect(await replay()).toMatchObject({ received: 0, items: [] });
  expect((await list()).data.every((row: Json) => row.replayed_at !== null)).toBe(true);
  // Events that the client repeats, and those of a replay interrupted before it was recorded, are duplicates.
  expect((await send(events)).body.duplicates).toBe(3);
  await db.owner.query('update private.quarantine set replayed_at = null where tenant_id = $1', [tenant.id]);
  expect(await replay()).toMatchObject({ received: 3, duplicates: 3, accepted: 0 });
  expect(await stored()).toHaveLength(3);
});

test('replayed events without id or time are stored once, with the time of their reception', async () => {
  await putType(['rows']);
  await send([{ type: 't.v1' }, { type: 't.v1', id: 'order-1' }]);
  const received = (await list()).data[0].received_at;
  await putType([]);
  expect(await replay()).toMatchObject({ accepted: 2 });
  await db.owner.query('update private.quarantine set replayed_at = null where tenant_id = $1', [tenant.id]);
  expect(await replay()).toMatchObject({ duplicates: 2 });
  const rows = await stored();
  expect(rows.map((row: Json) => [Date.parse(row.time), row.source])).toEqual(Array(2).fill([Date.parse(received), 'ingest']));
});

test('an event from the future is accepted by a replay once its time has come', async () => {
  // Ten minutes ahead are allowed.
  const event = { id: v4(), type: 'a', time: new Date(Date.now() + 602_000).toISOString() };
  expect((await send(event)).body.items).toMatchObject([{ code: 'in-future', pointer: '/time' }]);
  expect(await replay()).toMatchObject({ received: 1, quarantined: 1, items: [{ code: 'in-future' }] });
  expect((await list()).data).toHaveLength(1);
  await expect.poll(replay).toMatchObject({ received: 1, accepted: 1 });
});

test('input that is not a valid event is refused again', async () => {
  const conflict = { id: v4(), type: 'a', time: now(), data: { n: 1 } };
  await send(conflict);
  await send({ ...conflict, data: { n: 2 } });
  await send('[1, {"type":"a"}');
  await send(Buffer.concat([Buffer.from('{"type":"a","data":{"x":"'), Buffer.from([0xff]), Buffer.from('"}}')]));
  await send([5]);
  await send(`[{"type":"a","data":{"x":"${'x'.repeat(70_000)}"}}]`);
  const result = await replay();
  expect(result).toMatchObject({ received: 5, accepted: 0, conflicts: 1, rejected: 4 });
  expect(result.items.map((item: Json) => item.code)).toEqual([
    'conflict',
    'invalid-json',
    'invalid-json',
    'not-an-object',
    'invalid-json',
  ]);
  expect((await list()).data).toHaveLength(5);
  expect(await stored()).toHaveLength(1);
});

test('invalid requests are refused', async () => {
  for (const body of [{ filter: { colour: 1 } }, { dry_run: 'yes' }, { limit: 0 }, { filter: { ids: ['x'] } }]) {
    expect((await api.call('POST', '/v1/quarantine/replay', tenant.keys.tenant_admin, body)).status).toBe(400);
  }
  expect((await api.call('POST', '/v1/quarantine/replay', tenant.keys.ingest, {})).status).toBe(403);
});

test('with an Idempotency-Key refused input is kept once, also if a crash makes the request run again', async () => {
  await putType(['a']);
  const key = { 'idempotency-key': v4() };
  const body = '{"type":"t.v1","data":{"n":1}}\n{"type":"t.v1","data":{"n":2}}\nno JSON\n';
  const lines = { 'content-type': 'application/x-ndjson', ...key };
  expect((await send(body, lines)).body).toMatchObject({ quarantined: 2, rejected: 1 });
  const before = await list();
  // As after a crash between the commit and storing the answer.
  await db.owner.query(
    "update private.idempotency_keys set answer = null, claimed_at = now() - interval '2 minutes' where tenant_id = $1",
    [tenant.id],
  );
  expect((await send(body, lines)).body).toMatchObject({ quarantined: 2, rejected: 1 });
  expect(await list()).toEqual(before);
  const counted = await db.owner.query<{ n: number }>(
    'select sum(quarantined)::int as n from private.dirty_hours where tenant_id = $1',
    [tenant.id],
  );
  expect(counted.rows).toEqual([{ n: 3 }]);
  await putType([]);
  expect(await replay()).toMatchObject({ received: 3, accepted: 2 });
  expect((await stored()).map(({ data }: Json) => data.n).sort()).toEqual([1, 2]);
  // A day later the same key is another request.
  await db.owner.query("update private.idempotency_keys set first_at = now() - interval '25 hours' where tenant_id = $1", [
    tenant.id,
  ]);
  await send('no JSON\n{"type":"t.v1","data":{"n":3}}\nno JSON', lines);
  const ids = (await list()).data.map(({ id }: Json) => id);
  expect([ids.length, new Set(ids).size]).toEqual([5, 5]);
});
