import { v7 } from 'uuid';
import { expect, test } from 'vitest';
import { withTenant, withTransaction } from '../../sql/database/db.ts';
import { storeEvents } from '../../sql/events/events.ts';
import { createKey } from '../../sql/tenants/tenants.ts';
import { type Json, useApi } from '../../test/support/api.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';
import { openLive } from '../../test/support/live.ts';

const db = await useDatabase();
const api = await useApi(db, { MAX_REQUESTS_PER_SECOND: '1000' });
/** Another process of the platform. */
const other = await useApi(db);

const TYPE = 'test.live.v1';
const send = (key: string, events: Json[], through = api) => through.call('POST', '/v1/events', key, events);
const event = (id: string, more: Json = {}) => ({ id, type: TYPE, time: new Date().toISOString(), ...more });
const ids = ({ messages }: { messages: { event: string; data: Json }[] }) =>
  messages.filter(({ event }) => event === 'event').map(({ data }) => data.id);
const poll = <T>(read: () => T) => expect.poll(read, { timeout: 8_000, interval: 20 });

test('each event comes once, as in the list, in the same order to every reader, whichever process stored it', async () => {
  const tenant = await makeTenant(db);
  const one = await openLive(api.url, tenant.keys.read);
  const two = await openLive(other.url, tenant.keys.read);
  expect([one.status, one.response.headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8']);
  const expected: string[] = [];
  for (let turn = 0; turn < 10; turn++) {
    const batch = Array.from({ length: 7 }, (_, n) => event(`${turn}-${n}`, { subject: 'a', data: { n: turn, digits: 1.5 } }));
    expected.push(...batch.map(({ id }) => id));
    expect((await send(tenant.keys.ingest, batch, turn % 2 ? other : api)).status).toBe(202);
  }
  // Long before its receipt.
  await send(tenant.keys.ingest, [event('late', { time: new Date(Date.now() - 5 * 3600_000).toISOString() })]);
  await poll(() => ids(one).length).toBe(71);
  expect(ids(one).toSorted()).toEqual([...expected, 'late'].toSorted());
  await poll(() => ids(two).length).toBe(70);
  expect(ids(two)).toEqual(ids(one).filter((id) => id !== 'late'));
  const turns = ids(one)
    .filter((id) => id !== 'late')
    .map((id) => Number(id.split('-')[0]));
  expect(turns).toEqual(turns.toSorted((a, b) => a - b));
  const { body } = await api.call('GET', '/v1/events?limit=1000', tenant.keys.read);
  const listed = new Map(body.data.map((item: Json) => [item.id, item]));
  for (const { data } of one.messages) expect(data).toEqual(listed.get(data.id));
});

test('what a slow transaction stores is missed by nobody', async () => {
  const tenant = await makeTenant(db);
  const reader = await openLive(api.url, tenant.keys.read);
  const row = {
    keyId: tenant.keyIds.ingest,
    id: v7(),
    time: Date.now() * 1000,
    type: TYPE,
    source: 's',
    eventId: 'slow',
    subject: null,
    outcome: null,
    durationMs: null,
    bytes: 1,
    data: null,
    attributes: null,
  };
  await withTransaction(db.api, 'begin', async (client) => {
    await storeEvents(client as never, [row]);
    await send(tenant.keys.ingest, [event('fast')]);
    await client.query('select pg_sleep(1.5)');
    expect(ids(reader)).toEqual([]);
  });
  await poll(() => ids(reader)).toEqual(['slow', 'fast']);
});

test('filters keep other events away; a comment says how far the stream has come', async () => {
  const tenant = await makeTenant(db);
  const reader = await openLive(api.url, tenant.keys.read, `?filter[type]=${TYPE}`);
  await send(tenant.keys.ingest, [event('other', { type: 'test.other.v1' }), event('own')]);
  await poll(() => ids(reader)).toEqual(['own']);
  expect(reader.comments()).toBe(1);
  const query = '?filter[source]=a&filter[source]=b&filter[outcome]=&filter[outcome]=failure&filter[marketplace]=shopee';
  const narrow = await openLive(api.url, tenant.keys.read, query);
  const one = (id: string, source: string, outcome?: string, marketplace = 'shopee') =>
    event(id, {
      source,
      time: new Date(Date.now() - 3600_000).toISOString(),
      data: { marketplace, ...(outcome && { outcome }) },
    });
  await send(tenant.keys.ingest, [one('1', 'c'), one('2', 'a', 'success'), one('3', 'b', 'failure', 'amazon')]);
  await send(tenant.keys.ingest, [one('4', 'a'), one('5', 'b', 'failure')]);
  await poll(() => ids(narrow).toSorted()).toEqual(['4', '5']);
  expect((await api.call('GET', '/v1/events/live?type[]=x', tenant.keys.read)).status).toBe(400);
});

test('a reader that comes back goes on where it was, also at another process; one that was away too long is told of a gap', async () => {
  const tenant = await makeTenant(db);
  const first = await openLive(api.url, tenant.keys.read);
  await send(tenant.keys.ingest, [event('1'), event('2')]);
  await poll(() => ids(first)).toHaveLength(2);
  const offset = { 'last-event-id': first.messages[0]?.id as string };
  first.leave();
  await send(tenant.keys.ingest, [event('3')]);
  for (const url of [api.url, other.url]) {
    const again = await openLive(url, tenant.keys.read, '', offset);
    await poll(() => ids(again)).toEqual([first.messages[1]?.data.id, '3']);
    expect(again.messages.map((message) => message.event)).not.toContain('gap');
  }
  const old = Buffer.from(JSON.stringify(['2026-01-01 00:00:00.000000+00', v7()])).toString('base64url');
  const away = await openLive(api.url, tenant.keys.read, '', { 'last-event-id': old });
  await send(tenant.keys.ingest, [event('4')]);
  await poll(() => ids(away).at(-1)).toBe('4');
  expect(away.messages[0]?.event).toBe('gap');
  const wrong = await api.call('GET', '/v1/events/live', tenant.keys.read, undefined, { 'last-event-id': 'x' });
  expect([wrong.status, wrong.body.errors[0].code]).toEqual([400, 'invalid-cursor']);
});

test('a reader that is too slow is told of a gap and goes on with what is there', async () => {
  const tenant = await makeTenant(db);
  const slow = await openLive(api.url, tenant.keys.read);
  const quick = await openLive(api.url, tenant.keys.read);
  slow.response.pause();
  const text = 'x'.repeat(40_000);
  for (let turn = 0; turn < 14; turn++) {
    const batch = Array.from({ length: 20 }, (_, n) => event(`${turn}-${n}`, { data: { text } }));
    expect((await send(tenant.keys.ingest, batch)).status).toBe(202);
    await poll(() => ids(quick).at(-1)?.split('-')[0]).toBe(String(turn));
  }
  slow.response.resume();
  await poll(() => ids(slow).at(-1)?.split('-')[0]).toBe('13');
  expect(slow.messages.map((message) => message.event)).toContain('gap');
  expect(ids(slow).length).toBeLessThan(280);
  expect(new Set(ids(slow)).size).toBe(ids(slow).length);
});

test('nobody sees events of another tenant, and a key without the scope sees nothing', async () => {
  const [mine, theirs] = [await makeTenant(db), await makeTenant(db)];
  const reader = await openLive(api.url, mine.keys.read);
  const neighbour = await openLive(api.url, theirs.keys.read);
  // An offset is a place in time and opens nothing.
  await send(theirs.keys.ingest, [event('secret')]);
  await poll(() => ids(neighbour)).toEqual(['secret']);
  const again = await openLive(api.url, mine.keys.read, '', { 'last-event-id': neighbour.messages[0]?.id as string });
  await send(mine.keys.ingest, [event('mine')]);
  await poll(() => ids(reader)).toEqual(['mine']);
  await poll(() => ids(again)).toEqual(['mine']);
  expect(ids(neighbour)).toEqual(['secret']);
  expect((await openLive(api.url, mine.keys.ingest)).status).toBe(403);
  expect((await openLive(api.url, 'nobody')).status).toBe(401);
});

test('a stream ends within seconds of its key, and at once when the program stops', async () => {
  const tenant = await makeTenant(db);
  const made = await withTenant(
    db.api,
    tenant.id,
    (client) => createKey(client, tenant.id, { name: 'brief', scopes: ['read'] }),
    'login',
  );
  const reader = await openLive(api.url, made.key);
  const stays = await openLive(api.url, tenant.keys.read);
  const revoked = await api.call('DELETE', `/v1/tenants/${tenant.id}/keys/${made.id}`, tenant.keys.tenant_admin);
  expect(revoked.status).toBe(204);
  await expect.poll(reader.hasEnded, { timeout: 12_000 }).toBe(true);
  expect(stays.hasEnded()).toBe(false);

  const third = await useApi(db);
  const last = await openLive(third.url, tenant.keys.read);
  const began = performance.now();
  await third.close();
  expect(performance.now() - began).toBeLessThan(2_000);
  await poll(last.hasEnded).toBe(true);
}, 20_000);

test('a hundred readers share one tail: flat memory, and events are stored as quickly as without them', async () => {
  const tenant = await makeTenant(db);
  const text = 'x'.repeat(1_000);
  const load = async (turns: number) => {
    const began = performance.now();
    for (let turn = 0; turn < turns; turn++) {
      const batch = Array.from({ length: 50 }, () => event(v7(), { data: { text } }));
      expect((await send(tenant.keys.ingest, batch)).status).toBe(202);
    }
    return Math.round(performance.now() - began);
  };
  await load(20);
  const alone = await load(20);
  // Their bytes are counted, not kept.
  const readers = await Promise.all(
    Array.from({ length: 100 }, async () => {
      const response = await fetch(`${api.url}/v1/events/live`, { headers: { authorization: `Bearer ${tenant.keys.read}` } });
      let bytes = 0;
      void (async () => {
        for await (const chunk of response.body ?? []) bytes += chunk.length;
      })().catch(() => undefined);
      return { status: response.status, bytes: () => bytes, leave: () => undefined };
    }),
  );
  expect(readers.every(({ status }) => status === 200)).toBe(true);
  const refused = await api.call('GET', '/v1/events/live', tenant.keys.read);
  expect([refused.status, refused.body.code, refused.headers.get('retry-after')]).toEqual([429, 'too-many-streams', '10']);
  const before = process.memoryUsage();
  const watched = await load(20);
  await poll(() => readers.filter(({ bytes }) => bytes() > 1000 * 1000).length).toBe(100);
  const after = process.memoryUsage();
  const grown = Math.round((after.heapUsed + after.external - before.heapUsed - before.external) / 1e6);
  expect(watched).toBeLessThan(alone * 3 + 1_000);
  expect(grown).toBeLessThan(100);
  const { rows } = await db.owner.query(
    "select count(*)::int as n from pg_stat_activity where application_name = 'mirante api' and state <> 'idle'",
  );
  expect(rows[0].n).toBeLessThan(5);
}, 60_000);
