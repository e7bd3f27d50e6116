import { afterAll, beforeAll, expect, test } from 'vitest';
import { isForeign } from '../../sql/attacks/run.ts';
import { createPool, type Pool, withClient, withTenant } from '../../sql/database/db.ts';
import { tally, useDatabase } from '../support/harness.ts';
import { besiege } from './target.ts';

let pool: Pool;

const db = await useDatabase();
const siege = await besiege(db);

beforeAll(async () => {
  // One connection, so that the next caller gets it in the state in which it was left.
  pool = createPool(db.urls.api, { max: 1, name: 'test pool', statementTimeoutMs: 500 });
});
afterAll(async () => {
  await pool.end();
});

const READ = 'select * from app.events order by time desc limit 5';
const READ_BY_NAME = { name: 'read', text: READ };

/** Kills a connection of the same login, as an administrator or a network would. */
const kill = (pid: number) => db.api.query('select pg_terminate_backend($1, 5000)', [pid]);

// Each returns the victim's connection in a state in which another tenant might get it.
const MISHAPS: [string, (victim: string) => Promise<unknown>][] = [
  ['work that ends well', (id) => withTenant(pool, id, (client) => client.query(READ))],
  ['work that throws', (id) => withTenant(pool, id, () => Promise.reject(new Error('no')))],
  ['a statement that fails', (id) => withTenant(pool, id, (client) => client.query('select 1 / 0'))],
  ['a statement that takes too long', (id) => withTenant(pool, id, (client) => client.query('select pg_sleep(5)'))],
  [
    'a statement that is cancelled',
    (id) =>
      withTenant(pool, id, async (client) => {
        const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
        // Awaited together, so that every rejection is handled.
        await Promise.all([client.query('select pg_sleep(5)'), db.api.query('select pg_cancel_backend($1)', [rows[0]?.pid])]);
      }),
  ],
  [
    'a connection that dies',
    (id) =>
      withTenant(pool, id, async (client) => {
        const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
        await kill(rows[0]?.pid as number);
        await client.query(READ);
      }),
  ],
  [
    'a transaction that is ended from within',
    (id) =>
      withTenant(pool, id, async (client) => {
        await client.query('commit');
        throw new Error('in the middle');
      }),
  ],
  [
    'a transaction begun by hand and left open',
    (id) =>
      withClient(pool, async (client) => {
        await client.query(`begin; select set_config('app.tenant_id', '${id}', true)`);
        await client.query(READ);
        await client.query('rollback');
      }),
  ],
  [
    'a prepared statement with a name, a cursor and a portal half read',
    (id) =>
      withTenant(pool, id, async (client) => {
        await client.query(READ_BY_NAME);
        await client.query(`declare left_open cursor for ${READ}`);
        await client.query('fetch 1 from left_open');
      }),
  ],
];

test.each(MISHAPS)('after %s the next user of the connection sees nothing of the previous tenant', async (_, mishap) => {
  const { own, victim } = siege.target;
  expect(
    isForeign(
      JSON.stringify(await withTenant(db.api, victim.id, async (client) => (await client.query(READ)).rows)),
      siege.target,
    ),
  ).toBe(true);
  await mishap(victim.id).catch(() => undefined);
  const heard: unknown[] = [];
  for (const statement of [
    READ_BY_NAME,
    { text: "select current_setting('app.tenant_id', true)" },
    { text: 'fetch all from left_open' },
  ]) {
    heard.push(
      await pool.query(statement).then(
        ({ rows }) => rows,
        (error: Error) => error.message,
      ),
    );
  }
  heard.push(await withTenant(pool, own.id, async (client) => (await client.query(READ_BY_NAME)).rows));
  const foreign = isForeign(JSON.stringify(heard), siege.target);
  tally(1, Number(foreign));
  expect(heard[0]).toEqual([]);
  expect(foreign).toBe(false);
});

test("two tenants that alternate on the same connections never see each other's rows", async () => {
  const { own, victim } = siege.target;
  const shared = createPool(db.urls.api, { max: 3, name: 'test turns' });
  const turns = Array.from({ length: 200 }, (_, n) => {
    const id = n % 2 ? own.id : victim.id;
    return withTenant(shared, id, async (client) => {
      const { rows } = await client.query<{ id: string }>('select id from app.tenant where $1::int > 0', [n + 1]);
      if (n % 7 === 0) throw new Error('now and then');
      return [id, rows[0]?.id];
    }).catch(() => undefined);
  });
  const met = (await Promise.all(turns)).filter((turn) => turn && turn[0] !== turn[1]);
  await shared.end();
  tally(turns.length, met.length);
  expect(met).toEqual([]);
});
