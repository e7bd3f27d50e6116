import { v4 } from 'uuid';
import { expect, test } from 'vitest';
import { type Answer, useApi } from './support/api.ts';
import { makeTenant, useDatabase } from './support/harness.ts';

const db = await useDatabase();
const api = await useApi(db, { INGEST_BUFFER_BYTES: '100000', READ_CONNECTIONS: '4' });
const tenant = await makeTenant(db);
await api.call('POST', '/v1/events', tenant.keys.ingest, { type: 'test.warm.v1' });

/** Locks the events table until `work` has ended, as a migration or a backup might. */
async function whileLocked<T>(work: () => Promise<T>): Promise<T> {
  const client = await db.owner.connect();
  await client.query('begin; lock table private.events in access exclusive mode');
  try {
    return await work();
  } finally {
    await client.query('rollback');
    client.release();
  }
}

const event = () => ({ id: v4(), type: 'test.sent.v1', time: new Date().toISOString(), data: { x: 'x'.repeat(15_000) } });
const send = (body: object) => api.call('POST', '/v1/events', tenant.keys.ingest, body);

async function storedIds(): Promise<string[]> {
  const { rows } = await db.owner.query<{ id: string }>(
    "select id from private.events where type = 'test.sent.v1' order by id",
  );
  return rows.map(({ id }) => id);
}

test('a full buffer returns 503 with Retry-After, acknowledges none of the batch, and drains by itself', async () => {
  const events = Array.from({ length: 12 }, event);
  const settled: Answer[] = [];
  const answers = await whileLocked(async () => {
    const sent = events.map(async (one) => {
      const answer = await send(one);
      settled.push(answer);
      return answer;
    });
    // Six batches fit into the buffer and wait for the lock; the others are refused at once.
    await expect.poll(() => settled.length).toBe(6);
    for (const refused of settled) {
      expect([refused.status, refused.body.code, refused.headers.get('retry-after')]).toEqual([503, 'unavailable', '1']);
    }
    return sent;
  });
  const all = await Promise.all(answers);
  const acknowledged = events.filter((_, n) => all[n]?.status === 202).map(({ id }) => id);
  expect(acknowledged).toHaveLength(6);
  expect(await storedIds()).toEqual(acknowledged.sort());
  const again = await Promise.all(events.slice(0, 6).map(send));
  expect(again.map(({ status }) => status)).toEqual(Array(6).fill(202));
  expect(new Set(await storedIds()).size).toBe((await storedIds()).length);
});

test('a cancelled statement returns 503, and a retry stores the events', async () => {
  const one = event();
  const refused = await whileLocked(async () => {
    const answer = send(one);
    const cancelled = async () => {
      const { rowCount } = await db.api.query(
        `select pg_cancel_backend(pid) from pg_stat_activity
         where application_name = 'mirante ingest' and datname = current_database() and wait_event_type = 'Lock'`,
      );
      return rowCount;
    };
    await expect.poll(cancelled, { timeout: 60_000 }).toBe(1);
    return answer;
  });
  expect([refused.status, refused.body.code]).toEqual([503, 'unavailable']);
  expect((await send(one)).body).toMatchObject({ accepted: 1 });
});
