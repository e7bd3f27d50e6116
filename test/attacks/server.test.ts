import pg from 'pg';
import { pino } from 'pino';
import { afterAll, expect, test } from 'vitest';
import { openQueue } from '../../jobs/queues.ts';
import type { AttackLogin } from '../../sql/attacks/attack.ts';
import { isForeign } from '../../sql/attacks/run.ts';
import { openSession } from '../../sql/attacks/session.ts';
import { revokeSqlLogin } from '../../sql/tenants/sql-logins.ts';
import { tally, useDatabase } from '../support/harness.ts';
import { besiege, loginsOf } from './target.ts';

// Attacks that the hourly audit must not run on a platform in use: they change the database or need a second session.

const db = await useDatabase();
const siege = await besiege(db);
const victimSql = new pg.Client({ connectionString: (await loginsOf(db, siege.victim.id)).sql });
await victimSql.connect();
afterAll(async () => {
  await victimSql.end();
});

/** Runs each statement as a login, outside a transaction, and returns all rows, notices and errors. */
async function say(login: AttackLogin, ...statements: string[]): Promise<string> {
  const client = new pg.Client({ connectionString: siege.urls[login] });
  const heard: unknown[] = [];
  client.on('notice', ({ message }) => heard.push(message));
  client.on('notification', (message) => heard.push(message));
  client.on('error', () => undefined);
  await client.connect();
  for (const statement of statements) {
    await client.query(statement).then(
      (result) => heard.push([result].flat().map(({ rows }) => rows)),
      (error: pg.DatabaseError) => heard.push(error.message, error.detail, error.hint, error.where),
    );
  }
  await client.end();
  const foreign = isForeign(JSON.stringify(heard), siege.target);
  tally(statements.length, Number(foreign));
  return JSON.stringify(heard);
}

const isClean = (text: string) => expect(isForeign(text, siege.target), text.slice(0, 500)).toBe(false);

test('a cheap function that leaks its arguments is only called with rows of one tenant', async () => {
  await db.migrator.query(
    `create schema leaky; grant usage on schema leaky to public;
     create function leaky.tell(text) returns boolean language plpgsql cost 0.00000001 as
       $$ begin raise notice '%', $1; return true; end $$;
     create function leaky.same(text, text) returns boolean language plpgsql cost 0.00000001 as
       $$ begin raise notice '% %', $1, $2; return $1 = $2; end $$;
     create operator leaky.=== (leftarg = text, rightarg = text, function = leaky.same);
     grant execute on all functions in schema leaky to public`,
  );
  const tricks = (from: string) => [
    `select count(*) from ${from} where leaky.tell(v::text)`,
    `select count(*) from ${from} where v::text operator(leaky.===) 'x'`,
    `select 1 from ${from} order by leaky.tell(v::text) limit 3`,
    `select count(*) filter (where leaky.tell(v::text)) from ${from}`,
    `select bool_or(leaky.tell(v::text)) from ${from}`,
    `select count(*) from ${from} join (values ('x')) x (t) on v::text operator(leaky.===) x.t`,
    `select count(*) from (values ('x')) x (t) left join ${from} on leaky.tell(v::text)`,
    `select 1 from ${from} group by leaky.tell(v::text) having leaky.tell(max(v::text))`,
  ];
  for (const { name, readers } of siege.target.views) {
    const logins: AttackLogin[] = [...(readers.includes('mirante_sql') ? (['sql'] as const) : []), 'api'];
    const forced = ['set enable_indexscan = off', 'set enable_bitmapscan = off', 'set enable_hashjoin = off'];
    for (const login of logins) {
      const own = login === 'api' ? [`select set_config('app.tenant_id', '${siege.target.own.id}', false)`] : [];
      isClean(await say(login, ...own, ...tricks(`${name} v`), ...forced, ...tricks(`${name} v`)));
    }
  }
  const client = await db.jobs.connect();
  const heard: unknown[] = [];
  client.on('notice', ({ message }) => heard.push(message));
  for (const trick of tricks('private.event_types v')) await client.query(trick);
  client.release(true);
  expect(isForeign(JSON.stringify(heard), siege.target)).toBe(true);
});

test('large objects of another tenant’s login cannot be read', async () => {
  await victimSql.query('set default_transaction_read_only = off');
  const { rows } = await victimSql.query<{ oid: number }>("select lo_from_bytea(0, convert_to($1, 'UTF8')) as oid", [
    siege.target.victim.mark,
  ]);
  const oid = rows[0]?.oid;
  expect(JSON.stringify((await victimSql.query(`select convert_from(lo_get(${oid}), 'UTF8')`)).rows)).toContain(
    siege.target.victim.mark,
  );
  for (const login of ['sql', 'api', 'metabase'] as const) {
    isClean(
      await say(
        login,
        `select lo_get(${oid})`,
        `begin; select lo_open(${oid}, 262144); select loread(0, 1000); commit`,
        `select lo_export(${oid}, '/dev/null')`,
      ),
    );
  }
});

test('running, prepared and open statements of other logins are hidden', async () => {
  const { victim } = siege.target;
  const card = new pg.Client({ connectionString: siege.urls.metabase });
  await card.connect();
  await card.query("select * from bi.events($1, now() - interval '1 day', now(), 'total')", [victim.grant]);
  await victimSql.query(`begin; declare held cursor for select '${victim.mark}'; prepare p as select '${victim.mark}'`);
  expect(
    JSON.stringify(
      (await victimSql.query("select query from pg_stat_activity where query ~ 'declare held' or query ~ 'pg_stat'")).rows,
    ),
  ).toContain('query');
  for (const login of ['sql', 'api', 'metabase'] as const) {
    isClean(
      await say(
        login,
        'select * from pg_stat_activity',
        'select * from pg_stat_get_activity(null)',
        'select * from pg_cursors',
        'select * from pg_prepared_statements',
        'select * from pg_locks',
        'fetch all from held',
        'execute p',
        'table pg_stat_statements',
      ),
    );
  }
  await victimSql.query('rollback');
  await card.end();
});

test('notifications between the queues have no data of tenants', async () => {
  const { rows } = await db.migrator.query<{ channel: string }>(
    `select distinct (regexp_matches(prosrc, 'pg_notify\\(\\s*''([^'']+)''', 'g'))[1] as channel
     from pg_proc where pronamespace = 'bullmq'::regnamespace`,
  );
  const session = await openSession(siege.urls.sql);
  for (const { channel } of rows) await session.say(`listen "${channel}"`).catch(() => undefined);
  const queue = openQueue({ queueDatabaseUrl: db.urls.queue }, 'upkeep', pino({ level: 'silent' }));
  await queue.add('heartbeat', {});
  await queue.close();
  await session.end();
  isClean(
    await say('sql', ...rows.map(({ channel }) => `listen "${channel}"`), 'select 1', 'select pg_notification_queue_usage()'),
  );
});

test('temporary and unlogged tables, extensions and maintenance are refused outside a transaction, too', async () => {
  for (const login of ['sql', 'api', 'metabase'] as const) {
    const text = await say(
      login,
      'set default_transaction_read_only = off',
      'set session characteristics as transaction read write',
      'create temp table mine as select * from app.events',
      'create unlogged table public.mine (n integer)',
      'create extension dblink',
      `call refresh_continuous_aggregate('private.events_hourly', null, null)`,
      'vacuum private.events',
      'analyze private.events',
      'cluster private.events',
      'reindex table private.events',
      'create database mine',
      'copy private.events to program $$cat$$',
      'select * from private.events limit 1',
    );
    isClean(text);
    expect(text).toContain('permission denied');
  }
});

test('a login may alter itself, which opens nothing', async () => {
  const { own, victim } = siege.target;
  const text = await say(
    'sql',
    'set default_transaction_read_only = off',
    `alter role current_user set app.tenant_id = '${victim.id.slice(0, 8)}'`,
    'alter role current_user set search_path = private, app',
    'alter role current_user set default_transaction_read_only = off',
  );
  isClean(text);
  const after = await say(
    'sql',
    'select id from app.tenant',
    'select count(*) from app.events',
    'select * from private.events limit 1',
  );
  isClean(after);
  expect(after).toContain(own.id);
});

test('a login with a TimescaleDB background job can still be ended', async () => {
  const { tenant_id, id, login } = (
    await db.owner.query('select id, tenant_id, login from private.sql_logins where ended_at is null and tenant_id = $1', [
      siege.target.own.id,
    ])
  ).rows[0];
  isClean(await say('sql', 'set default_transaction_read_only = off', `select public.add_job('pg_catalog.now', '1h')`));
  expect(await revokeSqlLogin(db.api, tenant_id, id, 'login')).toBe(true);
  expect((await db.migrator.query('select from pg_roles where rolname = $1', [login])).rowCount).toBe(0);
});
