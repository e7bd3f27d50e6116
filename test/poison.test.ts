import { v4 } from 'uuid';
import { expect, test } from 'vitest';
import { createGroupCommit } from '../api/events/group-commit.ts';
import { type EventRow, storeEvents } from '../sql/events/events.ts';
import { useApi } from './support/api.ts';
import { makeTenant, type TestTenant, useDatabase } from './support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);
const [mine, theirs] = [await makeTenant(db), await makeTenant(db)];

const rowOf = (tenant: TestTenant, more: Partial<EventRow> = {}): EventRow => ({
  keyId: tenant.keyIds.ingest,
  id: v4(),
  time: Date.now() * 1000,
  type: 'test.sent.v1',
  source: 'test',
  eventId: null,
  subject: null,
  outcome: null,
  durationMs: null,
  bytes: 2,
  data: '{}',
  attributes: null,
  ...more,
});

async function countOf(tenant: TestTenant): Promise<number> {
  const { rows } = await db.owner.query<{ n: number }>('select count(*) as n from private.events where tenant_id = $1', [
    tenant.id,
  ]);
  return rows[0]?.n as number;
}

const groupCommit = () =>
  createGroupCommit({
    store: (rows) => storeEvents(db.api, rows),
    connections: 2,
    maxRows: 5_000,
    maxBytes: 1_000_000,
    patienceMs: 10_000,
  });

const NESTED = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;

test.each([
  ['U+0000', { data: '{"x":"\\u0000"}' }],
  ['half of a surrogate pair', { data: '{"x":"\\ud800"}' }],
  ['U+0000 in a text', { type: 'a\u0000b' }],
  ['a number of 200,000 digits', { data: '{"x":1e200000}' }],
  ['20,000 levels', { data: `{"x":${NESTED}}` }],
  ['no JSON', { attributes: '{"x"' }],
])('one event with %s among 999 of another tenant is the only one refused', async (_, poison) => {
  const commit = groupCommit();
  const [goodBefore, badBefore] = [await countOf(theirs), await countOf(mine)];
  const good = Array.from({ length: 999 }, () => rowOf(theirs));
  const halves = [good.slice(0, 400), good.slice(400)] as const;
  const [first, bad, second] = await Promise.all([
    commit.store(halves[0]),
    commit.store([rowOf(mine), rowOf(mine, poison), rowOf(mine)]),
    commit.store(halves[1]),
  ]);
  expect([...first, ...second].filter((outcome) => outcome !== undefined)).toEqual([]);
  expect(bad).toEqual([undefined, { refused: expect.any(String) }, undefined]);
  expect(await countOf(theirs)).toBe(goodBefore + 999);
  expect(await countOf(mine)).toBe(badBefore + 2);
});

test('of equal events the first to arrive is stored, even if its statement is slower, and other events do not wait', async () => {
  let calls = 0;
  let second = () => {};
  const afterTheSecond = new Promise<void>((done) => {
    second = done;
  });
  const commit = createGroupCommit({
    store: async (rows) => {
      const call = calls++;
      if (call === 0) await afterTheSecond;
      return storeEvents(db.api, rows).finally(() => call === 1 && second());
    },
    connections: 2,
    maxRows: 5_000,
    maxBytes: 1_000_000,
    patienceMs: 10_000,
  });
  const first = rowOf(mine);
  const other = { ...first, data: '{"n":2}' };
  const [outcomes] = await Promise.all([commit.store([first, first, other, rowOf(mine)]), commit.store([rowOf(theirs)])]);
  expect(outcomes).toEqual([undefined, 'duplicate', 'conflict', undefined]);
});

test('every event of a statement may be poison', async () => {
  const rows = Array.from({ length: 20 }, () => rowOf(mine, { data: '{"x":"\\u0000"}' }));
  const outcomes = await groupCommit().store(rows);
  expect(outcomes).toEqual(rows.map(() => ({ refused: expect.any(String) })));
});

test('an event that only PostgreSQL refuses goes to quarantine as not-storable, with its text', async () => {
  // As a double it is 0.1, so the envelope check accepts it; numeric holds 16,383 digits after the point.
  const text = `{"type":"test.sent.v1","id":"${v4()}","time":"${new Date().toISOString()}","data":{"x":0.1${'0'.repeat(20_000)}1}}`;
  const good = { type: 'test.sent.v1', id: v4(), time: new Date().toISOString() };
  const others = api.call(
    'POST',
    '/v1/events',
    theirs.keys.ingest,
    Array.from({ length: 50 }, () => ({ ...good, id: v4() })),
  );
  const answer = await api.call('POST', '/v1/events', mine.keys.ingest, `[${JSON.stringify(good)},${text}]`);
  expect(answer.status).toBe(202);
  expect(answer.body).toMatchObject({
    received: 2,
    accepted: 1,
    quarantined: 1,
    items: [{ index: 1, status: 'quarantined', code: 'not-storable' }],
  });
  expect((await others).body.accepted).toBe(50);
  const kept = await api.call('GET', '/v1/quarantine', mine.keys.tenant_admin);
  expect(kept.body.data).toMatchObject([{ code: 'not-storable', status: 'quarantined', type: 'test.sent.v1', raw: text }]);
});
