import { v7 } from 'uuid';
import { expect, test } from 'vitest';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';
import { type Client, withTransaction } from '../database/db.ts';
import { type EventRow, storeEvents } from './events.ts';
import { settledAt } from './settled.ts';

const db = await useDatabase();
const tenant = await makeTenant(db);

function events(count: number): EventRow[] {
  return Array.from({ length: count }, () => ({
    keyId: tenant.keyIds.ingest,
    id: v7(),
    time: Date.now() * 1000,
    type: 'test.settled.v1',
    source: 'test',
    eventId: null,
    subject: null,
    outcome: null,
    durationMs: null,
    bytes: 10,
    data: null,
    attributes: null,
  }));
}

// Stores like storeEvents() on a pool, but with a slow commit.
const storeSlowly = (rows: EventRow[], seconds: number) =>
  withTransaction(db.api, 'begin', async (client) => {
    await storeEvents(client as never, rows);
    await client.query('select pg_sleep($1)', [seconds]);
  });

const inWindow = async (from: Date, to: Date) =>
  (
    await db.owner.query<{ id: string }>(
      'select id from private.events where received_at >= $1 and received_at < $2 and tenant_id = $3',
      [from, to, tenant.id],
    )
  ).rows.map(({ id }) => id);

test('however slowly writers commit, each event is in exactly one window between two cuts', async () => {
  const stored = new Set<string>();
  let writing = true;
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    for (let turn = 0; turn < 25; turn++) {
      const rows = events(1 + (turn % 5));
      await storeSlowly(rows, writer % 2 === 0 ? 0 : ((turn * 7) % 20) / 400);
      for (const { id } of rows) stored.add(id);
    }
  });
  const all = Promise.all(writers).finally(() => {
    writing = false;
  });
  const exported: string[] = [];
  let cuts = 0;
  let from = new Date(0);
  while (writing) {
    const to = await settledAt(db.jobs);
    exported.push(...(await inWindow(from, to)));
    from = to;
    cuts++;
  }
  await all;
  exported.push(...(await inWindow(from, new Date(Date.now() + 60_000))));
  expect(cuts).toBeGreaterThan(5);
  expect(exported.length).toBe(stored.size);
  expect(new Set(exported)).toEqual(stored);
});

test('a cut waits for running writers, and writers never wait for a cut', async () => {
  let cut: Date | undefined;
  let asked: Promise<void> | undefined;
  await withTransaction(db.api, 'begin', async (client: Client) => {
    await storeEvents(client as never, events(1));
    asked = settledAt(db.jobs).then((at) => {
      cut = at;
    });
    await expect
      .poll(
        async () =>
          (await db.owner.query("select from private.ingest_gate where settled_to > now() - interval '1 hour'")).rowCount,
      )
      .toBe(1);
    await storeSlowly(events(1), 0);
    expect(cut).toBeUndefined();
  });
  await asked;
  expect(cut).toBeInstanceOf(Date);
});

test('a clock that goes backwards cannot put an event before a cut', async () => {
  await db.owner.query("update private.ingest_gate set settled_to = now() + interval '1 hour'");
  const cut = await settledAt(db.jobs);
  expect(cut.getTime()).toBeGreaterThan(Date.now() + 3_500_000);
  const rows = events(1);
  await storeEvents(db.api, rows);
  const { rowCount } = await db.owner.query('select from private.events where id = $1 and received_at >= $2', [
    rows[0]?.id,
    cut,
  ]);
  expect(rowCount).toBe(1);
});
