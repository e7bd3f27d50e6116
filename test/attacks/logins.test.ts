import pg from 'pg';
import { afterAll, expect, test, vi } from 'vitest';
import { runRetention } from '../../jobs/archive/run-retention.ts';
import { endSqlLogins } from '../../jobs/tenants/end-sql-logins.ts';
import { offboardTenants } from '../../jobs/tenants/offboard.ts';
import { withTenant } from '../../sql/database/db.ts';
import { migrate } from '../../sql/database/migrate.ts';
import { endSessions } from '../../sql/tenants/sql-sessions.ts';
import { type Json, useApi } from '../support/api.ts';
import { jobDeps, useArchive } from '../support/archive-home.ts';
import { makeOperatorKey, makeTenant, type TestTenant, testSecret, useDatabase } from '../support/harness.ts';

// Ways in which a customer's login could block others or avoid removal. Each test first checks that the trick works.
const open: pg.Client[] = [];

const db = await useDatabase();
const api = await useApi(db);
const archive = await useArchive();
const operator = await makeOperatorKey(db);
const attacker = await makeTenant(db);
afterAll(async () => {
  for (const client of open) await client.end();
});

const jobs = () => jobDeps(db, archive);

const RETENTION = {
  RAW_RETENTION_DAYS: 90,
  QUARANTINE_RETENTION_DAYS: 30,
  AGGREGATE_RETENTION_DAYS: 730,
  ACCESS_LOG_RETENTION_DAYS: 183,
};

async function makeLogin(tenant: TestTenant, body: object = {}): Promise<Json> {
  const input = { name: 'bi', connection_limit: 1, ...body };
  const made = await api.call('POST', `/v1/tenants/${tenant.id}/sql-logins`, tenant.keys.tenant_admin, input);
  expect(made.status, made.text).toBe(201);
  return made.body;
}

async function end(tenant: TestTenant, { id }: Json): Promise<void> {
  expect((await api.call('DELETE', `/v1/tenants/${tenant.id}/sql-logins/${id}`, tenant.keys.tenant_admin)).status).toBe(204);
}

async function connect({ host, port, login, password, database }: Json, other?: string): Promise<pg.Client> {
  const client = new pg.Client({ host, port, database: other ?? database, user: login, password });
  client.on('error', () => undefined);
  await client.connect();
  open.push(client);
  return client;
}

/** Resolves when the server has closed this connection. */
const ended = (client: pg.Client) => new Promise<void>((done) => client.once('end', done));

const roleExists = async ({ login }: Json) =>
  (await db.migrator.query('select from pg_roles where rolname = $1', [login])).rowCount === 1;

const NO_PATIENCE = { idleSeconds: 0, graceSeconds: 0 };

/** Runs the watch until it has ended this session, and returns the logged reason. */
async function reasonOf(client: pg.Client, { login }: Json, limits = NO_PATIENCE): Promise<string | undefined> {
  const gone = ended(client);
  const found = (await endSessions(db.jobs, limits)).find((session) => session.login === login);
  if (found) await gone;
  return found?.reason;
}

/** A database of the same server that is not Mirante's and accepts every login, as after `create database`. */
async function foreignDatabase(): Promise<{ name: string; drop: () => Promise<void> }> {
  const name = `${new URL(db.url).pathname.slice(1)}_other`;
  await db.migrator.query(`create database ${name}`);
  return { name, drop: () => db.migrator.query(`drop database ${name} with (force)`).then(() => undefined) };
}

test('a login with large objects and default privileges in another database can still be removed', async () => {
  const other = await foreignDatabase();
  try {
    const login = await makeLogin(attacker);
    const there = await connect(login, other.name);
    await there.query('set default_transaction_read_only = off');
    await there.query('select lo_create(0)');
    await there.query('alter default privileges grant select on tables to public');
    await end(attacker, login);
    expect(await roleExists(login)).toBe(true);
    await expect(connect(login)).rejects.toMatchObject({ code: '28000' });
    const listed = await api.call('GET', `/v1/tenants/${attacker.id}/sql-logins`, attacker.keys.tenant_admin);
    expect(listed.body.data.find(({ id }: Json) => id === login.id).ended_at).not.toBeNull();
    await endSqlLogins(jobs());
    expect(await roleExists(login)).toBe(false);
  } finally {
    await other.drop();
  }
});

test('a session in any other database of the server is ended', async () => {
  const other = await foreignDatabase();
  try {
    const login = await makeLogin(attacker);
    const { rows } = await db.migrator.query<{ name: string }>(
      'select datname as name from pg_database where datallowconn and datname <> current_database()',
    );
    expect(rows.map(({ name }) => name)).toContain(other.name);
    for (const { name } of rows) {
      const client = await connect(login, name).catch(() => undefined);
      if (client) expect(await reasonOf(client, login), name).toBe('connected to another database');
    }
    await end(attacker, login);
  } finally {
    await other.drop();
  }
});

test('a role that cannot be dropped does not block the removal of a tenant, is reported, and is retried', async () => {
  const [leaving, other] = [await makeTenant(db), await foreignDatabase()];
  const login = await makeLogin(leaving);
  try {
    const there = await connect(login, other.name);
    await there.query('set default_transaction_read_only = off');
    await there.query('select lo_create(0)');
    // As docs/security.md recommends: the jobs can no longer connect to that database.
    await db.migrator.query(`revoke connect on database ${other.name} from public`);
    await api.call('DELETE', `/v1/tenants/${leaving.id}`, operator);
    await offboardTenants(jobs());
    const { body } = await api.call('GET', `/v1/tenants/${leaving.id}/offboarding`, operator);
    expect(body.status).toBe('completed');
    await expect(endSqlLogins(jobs())).rejects.toThrow('1 roles of ended logins cannot be dropped yet');
    const noted = await db.owner.query('select attempts, error, due_at > now() as later from private.roles_to_drop');
    expect(noted.rows).toEqual([{ attempts: 1, error: expect.stringContaining(other.name), later: true }]);
    // Not before its retry is due.
    await endSqlLogins(jobs());
    expect(await roleExists(login)).toBe(true);
  } finally {
    await other.drop();
  }
  await db.owner.query('update private.roles_to_drop set due_at = now()');
  await endSqlLogins(jobs());
  expect(await roleExists(login)).toBe(false);
  expect((await db.owner.query('select from private.roles_to_drop')).rowCount).toBe(0);
});

test('a login that locks its own row is ended', async () => {
  const login = await makeLogin(attacker, { connection_limit: 2 });
  const client = await connect(login);
  await client.query(`set default_transaction_read_only = off`);
  await client.query(`revoke ${login.login} from mirante_logins`).catch(() => undefined);
  await client.query(`begin; alter role current_user password 'mine'`);
  const gone = ended(client);
  await end(attacker, login);
  await gone;
  expect(await roleExists(login)).toBe(false);
});

test('an open transaction of a customer with a transaction id blocks no removal of a tenant, and is ended', async () => {
  const leaving = await makeTenant(db);
  const login = await makeLogin(attacker);
  const client = await connect(login);
  await client.query('begin; set transaction read write; select pg_current_xact_id()');
  await api.call('DELETE', `/v1/tenants/${leaving.id}`, operator);
  await offboardTenants(jobs());
  expect((await api.call('GET', `/v1/tenants/${leaving.id}/offboarding`, operator)).body.status).toBe('completed');
  expect(await reasonOf(client, login, { idleSeconds: 3600, graceSeconds: 0 })).toBe('a transaction that writes');
  await end(attacker, login);
});

test('a long read of a customer blocks neither retention nor others', async () => {
  await db.owner.query("select storage.make_partitions('rule_hits', now() - interval '400 days', now())");
  await db.owner.query(
    `insert into private.rule_hits (tenant_id, time, id, rule, marketplace, hits)
     select $1, now() - make_interval(days => 300), gen_random_uuid(), 'gtin', 'magalu', 1`,
    [attacker.id],
  );
  const login = await makeLogin(attacker, { statement_timeout_seconds: 3600 });
  const client = await connect(login);
  await client.query('begin; set local idle_in_transaction_session_timeout = 0; select count(*) from app.rule_hits');
  const gone = ended(client);
  const [over, other] = [new AbortController(), await makeTenant(db)];
  const retention = runRetention({ ...jobs(), config: RETENTION }).finally(() => over.abort());
  // A read that would queue behind the lock that retention waits for.
  let slowest = 0;
  while (!over.signal.aborted) {
    const asked = performance.now();
    await withTenant(db.api, other.id, (one) => one.query('select count(*) from app.rule_hits'));
    slowest = Math.max(slowest, performance.now() - asked);
  }
  await retention;
  await gone;
  const dropped = await db.owner.query("select from storage.retention_runs where relation = 'rule_hits'");
  expect(dropped.rowCount).toBe(1);
  expect(slowest).toBeLessThan(2_000);
  await end(attacker, login);
});

test('neither a long read of a customer nor its advisory lock blocks a migration', async () => {
  const login = await makeLogin(attacker, { connection_limit: 2, statement_timeout_seconds: 3600 });
  const [reader, locker] = [await connect(login), await connect(login)];
  const gone = Promise.all([ended(reader), ended(locker)]);
  await reader.query('begin; set local idle_in_transaction_session_timeout = 0; select count(*) from app.events');
  await locker.query('select pg_advisory_lock(7046011)');
  await migrate(db.url, testSecret);
  await gone;
  await end(attacker, login);
});

test.each([
  ['idle in a transaction', 'begin; select 1'],
  ['holds an advisory lock', 'select pg_advisory_lock(7046011)'],
  ['a statement beyond its limit', 'select pg_sleep(60)'],
])('limits apply with any session settings: %s', async (reason, statements) => {
  const login = await makeLogin(attacker, { statement_timeout_seconds: 1 });
  const client = await connect(login);
  await client.query('set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; set idle_session_timeout = 0');
  // On PostgreSQL 15 a login can revoke the right to see and end its sessions.
  await client.query(`revoke ${login.login} from mirante_logins`).catch(() => undefined);
  const [gone, busy] = [ended(client), client.query(statements).catch(() => undefined)];
  const said = await vi.waitFor(async () => {
    const [found] = (await endSessions(db.jobs, NO_PATIENCE)).filter((session) => session.login === login.login);
    expect(found).toBeDefined();
    return found?.reason;
  }, 20_000);
  expect(said).toBe(reason);
  await Promise.all([busy, gone]);
  await end(attacker, login);
});

test('endless short statements do not keep a transaction open', async () => {
  const login = await makeLogin(attacker, { statement_timeout_seconds: 1 });
  const client = await connect(login);
  const gone = ended(client);
  await client.query('begin');
  const reasons: string[] = [];
  await vi.waitFor(async () => {
    await client.query('select 1').catch(() => undefined);
    // Never idle for longer than the limit.
    const limits = { idleSeconds: 3, graceSeconds: 0 };
    reasons.push(
      ...(await endSessions(db.jobs, limits)).filter(({ login: name }) => name === login.login).map((s) => s.reason),
    );
    expect(reasons).toEqual(['a transaction beyond its limit']);
  }, 60_000);
  await gone;
  await end(attacker, login);
});

test('a session within its limits is not ended', async () => {
  const login = await makeLogin(attacker, { connection_limit: 2 });
  const [idle, reading] = [await connect(login), await connect(login)];
  await reading.query('begin; select count(*) from app.events');
  expect(await endSessions(db.jobs)).toEqual([]);
  for (const client of [idle, reading]) expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await end(attacker, login);
});

test('sessions are limited per tenant and in total, and the platform can always connect', async () => {
  const { rows } = await db.owner.query<{ of_tenant: number; of_all: number }>('select * from door.session_limits()');
  const { of_tenant, of_all } = rows[0] as { of_tenant: number; of_all: number };
  const tenants = [await makeTenant(db), await makeTenant(db), await makeTenant(db)];
  const ask = (tenant: TestTenant, connection_limit: number) =>
    api.call('POST', `/v1/tenants/${tenant.id}/sql-logins`, tenant.keys.tenant_admin, { name: 'many', connection_limit });
  const [first, second, third] = tenants as [TestTenant, TestTenant, TestTenant];
  await makeLogin(first, { connection_limit: of_tenant - 1 });
  // Two concurrent requests cannot both take the last session.
  const both = await Promise.all([ask(first, 1), ask(first, 1)]);
  expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
  const refused = both.find(({ status }) => status === 409);
  expect(refused?.body).toMatchObject({ code: 'sql-session-limit', detail: expect.stringContaining('0 sessions are left') });
  await makeLogin(second, { connection_limit: of_tenant });
  expect(await ask(third, of_all - 2 * of_tenant + 1)).toMatchObject({ status: 409, body: { code: 'sql-session-limit' } });

  // Roles created before limits existed: the watch counts their sessions.
  const login = (await ask(third, 1)).body;
  await db.migrator.query(`set role mirante_logins; alter role ${login.login} connection limit 1000; reset role`);
  const clients = await Promise.all(Array.from({ length: of_tenant + 2 }, () => connect(login)));
  const reasons = (await endSessions(db.jobs)).map(({ reason }) => reason);
  expect(reasons).toEqual(Array(2).fill('more sessions than a tenant may have'));
  expect(clients).toHaveLength(of_tenant + 2);
  for (const tenant of tenants) {
    const listed = await api.call('GET', `/v1/tenants/${tenant.id}/sql-logins`, tenant.keys.tenant_admin);
    for (const each of listed.body.data) await end(tenant, each);
  }
});
