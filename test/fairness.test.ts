import { describe, expect, test } from 'vitest';
import { type Answer, useApi } from './support/api.ts';
import { makeTenant, useDatabase } from './support/harness.ts';

const CONNECTIONS = 4;
const HOUR_MS = 3600_000;

const db = await useDatabase();
await db.owner.query("update storage.rollups set materialised_to = date_trunc('day', now() - interval '60 days')");
const api = await useApi(db, { READ_CONNECTIONS: String(CONNECTIONS) });
const greedy = await makeTenant(db);
const other = await makeTenant(db);

/** Locks a table that only metrics by rule read, so that each such query waits until `work` has ended. */
async function whileRulesAreSlow<T>(work: () => Promise<T>): Promise<T> {
  const client = await db.owner.connect();
  await client.query('begin; lock table private.rule_hits in access exclusive mode');
  try {
    return await work();
  } finally {
    await client.query('rollback');
    client.release();
  }
}

async function statementsHeldUp(): Promise<number> {
  const { rows } = await db.migrator.query<{ held: number }>(
    "select count(distinct pid) as held from pg_locks where not granted and relation = 'private.rule_hits'::regclass",
  );
  return rows[0]?.held ?? 0;
}

// Each query is different, so that each needs its own statement.
const windows = (count: number) =>
  Array.from({ length: count }, (_, n) => new Date(Math.floor(Date.now() / HOUR_MS - 2 - n) * HOUR_MS).toISOString());
const byRule = (from: string) => `/v1/metrics/validations.by_rule?interval=total&from=${from}`;
const statuses = (answers: Answer[]) => [...new Set(answers.map(({ status }) => status))].sort();

describe('one tenant sends far more than its share', () => {
  test('and only that tenant is refused; others read and send as before', async () => {
    const flood = await whileRulesAreSlow(async () => {
      const refused: Answer[] = [];
      const asked = windows(150).map(async (from) => {
        const answer = await api.call('GET', byRule(from), greedy.keys.read);
        if (answer.status !== 200) refused.push(answer);
        return answer;
      });
      await expect.poll(() => refused.length).toBeGreaterThan(40);
      expect(await statementsHeldUp()).toBeLessThanOrEqual(CONNECTIONS / 2);
      for (const { status, body, headers } of refused) {
        expect([status, body.code, headers.get('retry-after')]).toEqual([429, 'too-many-queries', '2']);
      }
      for (let turn = 0; turn < 5; turn++) {
        const beside = await Promise.all([
          api.call('GET', `/v1/metrics/events.count?interval=total&from=${windows(turn + 1)[turn]}`, other.keys.read),
          api.call('GET', '/v1/events', other.keys.read),
          api.call('GET', '/v1/dashboards/validations-overview/cards/validations-trend', other.keys.read),
          api.call('GET', '/readyz'),
        ]);
        expect(beside.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
        const sent = [greedy, other].map(({ keys }) => api.call('POST', '/v1/events', keys.ingest, { type: 'a.b.v1' }));
        expect(statuses(await Promise.all(sent))).toEqual([202]);
        expect((await api.call('GET', '/v1/events', `unknown-${turn}`)).status).toBe(401);
      }
      return asked;
    });
    expect(statuses(await Promise.all(flood))).toEqual([200, 429]);
    expect((await api.call('GET', byRule(windows(200)[199] as string), greedy.keys.read)).status).toBe(200);
  });

  test('and disconnects: its statements end at once and nothing waits in their place', async () => {
    await whileRulesAreSlow(async () => {
      const leaving = new AbortController();
      const left = windows(30).map((from) =>
        fetch(api.url + byRule(from), { headers: { authorization: `Bearer ${greedy.keys.read}` }, signal: leaving.signal }),
      );
      await expect.poll(statementsHeldUp).toBeGreaterThan(0);
      leaving.abort();
      await Promise.allSettled(left);
      await expect.poll(statementsHeldUp, { timeout: 3_000 }).toBe(0);
      expect((await api.call('GET', '/v1/events', greedy.keys.read)).status).toBe(200);
    });
  });
});

test('identical concurrent queries run once, as long as one client waits', async () => {
  const path = byRule(windows(300)[299] as string);
  const { stayed, first } = await whileRulesAreSlow(async () => {
    const leaving = new AbortController();
    const first = fetch(api.url + path, {
      headers: { authorization: `Bearer ${greedy.keys.read}` },
      signal: leaving.signal,
    }).catch((error: Error) => error.name);
    await expect.poll(statementsHeldUp).toBe(1);
    const stayed = Array.from({ length: 5 }, () => api.call('GET', path, greedy.keys.read));
    // A later request has been answered, so the earlier ones have arrived.
    expect((await api.call('GET', '/v1/metrics', greedy.keys.read)).status).toBe(200);
    leaving.abort();
    expect((await api.call('GET', '/v1/metrics', greedy.keys.read)).status).toBe(200);
    expect(await statementsHeldUp()).toBe(1);
    return { stayed, first };
  });
  expect(await first).toBe('AbortError');
  expect(statuses(await Promise.all(stayed))).toEqual([200]);
});
