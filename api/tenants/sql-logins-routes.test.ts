import pg from 'pg';
import { beforeAll, expect, test } from 'vitest';
import { type Answer, type Json, useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, type TestTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);
const operator = await makeOperatorKey(db);
const [acme, rival] = [await makeTenant(db), await makeTenant(db)];

beforeAll(async () => {
  for (const tenant of [acme, rival]) {
    const event = { type: 'test.owner.v1', id: tenant.slug, time: new Date().toISOString(), data: { duration_ms: 5 } };
    expect((await api.call('POST', '/v1/events', tenant.keys.ingest, event)).status).toBe(202);
  }
});

const make = (tenant: TestTenant, body: object = {}, key = tenant.keys.tenant_admin): Promise<Answer> =>
  api.call('POST', `/v1/tenants/${tenant.id}/sql-logins`, key, { name: 'power bi', ...body });

const revoke = (tenant: TestTenant, id: string, key = tenant.keys.tenant_admin): Promise<Answer> =>
  api.call('DELETE', `/v1/tenants/${tenant.id}/sql-logins/${id}`, key);

async function connect({ host, port, database, login, password }: Json): Promise<pg.Client> {
  const client = new pg.Client({ host, port, database, user: login, password });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

const roleExists = async (login: string) =>
  (await db.migrator.query('select from pg_roles where rolname = $1', [login])).rowCount === 1;

test('a login reads its own tenant, whatever settings it changes, and cannot write', async () => {
  const { status, body } = await make(acme, { connection_limit: 2, statement_timeout_seconds: 7 });
  expect(status).toBe(201);
  expect(body).toMatchObject({
    login: expect.stringMatching(/^mirante_sql_[a-z0-9]{16}$/),
    connection_limit: 2,
    expires_at: null,
  });
  const client = await connect(body);
  const read = async () => (await client.query('select event_id from events')).rows;
  expect(await read()).toEqual([{ event_id: acme.slug }]);
  await client.query(`set app.tenant_id = '${rival.id}'`);
  expect(await read()).toEqual([{ event_id: acme.slug }]);
  expect((await client.query('select name from tenant')).rows).toEqual([{ name: acme.name }]);
  expect((await client.query('select sum(events)::int as n from events_hourly')).rows).toEqual([{ n: 1 }]);
  expect((await client.query('show statement_timeout')).rows).toEqual([{ statement_timeout: '7s' }]);
  expect((await client.query('show default_transaction_read_only')).rows).toEqual([{ default_transaction_read_only: 'on' }]);
  await client.query('set default_transaction_read_only = off');
  for (const forbidden of ['create temp table mine ()', 'create table app.mine ()', 'delete from app.events']) {
    await expect(client.query(forbidden)).rejects.toMatchObject({ code: '42501' });
  }
  const second = await connect(body);
  await expect(connect(body)).rejects.toMatchObject({ code: '53300' });
  await second.end();
  await client.end();
});

test('revocation ends running sessions and drops the role, even if it owns a large object', async () => {
  const { body } = await make(acme);
  const client = await connect(body);
  await client.query('begin read write; select lo_create(0); commit');
  const ended = new Promise((done) => client.once('end', done));
  expect((await revoke(acme, body.id)).status).toBe(204);
  await ended;
  expect(await roleExists(body.login)).toBe(false);
  await expect(connect(body)).rejects.toMatchObject({ code: '28P01' });
  expect((await revoke(acme, body.id)).status).toBe(204);
  const list = await api.call('GET', `/v1/tenants/${acme.id}/sql-logins`, acme.keys.tenant_admin);
  const row = list.body.data.find(({ id }: Json) => id === body.id);
  expect(row).toMatchObject({ login: body.login, revoked_at: expect.any(String), ended_at: expect.any(String) });
  expect(list.text).not.toContain(body.password);
});

test('a revocation interrupted after its first step blocks all reads, and the next one completes it', async () => {
  const { body } = await make(acme);
  const client = await connect(body);
  expect((await client.query('select from events')).rowCount).toBe(1);
  expect((await db.api.query('select door.revoke_sql_login($1, $2) as gone', [acme.id, body.id])).rows).toEqual([
    { gone: false },
  ]);
  expect((await client.query('select from events')).rowCount).toBe(0);
  await expect(connect(body)).rejects.toMatchObject({ code: '28000' });
  expect((await revoke(acme, body.id)).status).toBe(204);
  expect(await roleExists(body.login)).toBe(false);
});

test('an expired login cannot connect, and its running sessions read nothing', async () => {
  const { body } = await make(acme, { expires_at: new Date(Date.now() + 3600_000).toISOString() });
  const client = await connect(body);
  await db.owner.query("update private.sql_logins set expires_at = now() - interval '1 second' where id = $1", [body.id]);
  expect((await client.query('select from events')).rowCount).toBe(0);
  await client.end();
  const valid = await db.migrator.query<{ until: Date }>('select rolvaliduntil as until from pg_roles where rolname = $1', [
    body.login,
  ]);
  expect(valid.rows[0]?.until.toISOString()).toBe(body.expires_at);
});

test('a login of a tenant without the feature reads nothing, and no new one is created', async () => {
  const tenant = await makeTenant(db);
  const { body } = await make(tenant);
  const client = await connect(body);
  expect((await client.query('select from tenant')).rowCount).toBe(1);
  await api.call('PATCH', `/v1/tenants/${tenant.id}`, operator, { features: { sql_access: false } });
  expect((await client.query('select from tenant')).rowCount).toBe(0);
  await client.end();
  expect(await make(tenant)).toMatchObject({ status: 403, body: { code: 'feature-disabled' } });
});

test('the password is shown once, also under an Idempotency-Key', async () => {
  const twice = () =>
    api.call(
      'POST',
      `/v1/tenants/${acme.id}/sql-logins`,
      acme.keys.tenant_admin,
      { name: 'once' },
      { 'idempotency-key': 'sql-1' },
    );
  const [first, again] = [await twice(), await twice()];
  expect(again.body).toEqual({ ...first.body, password: null, code: 'secret-already-shown' });
});

test('another tenant and other scopes cannot reach logins', async () => {
  const { body } = await make(acme);
  expect((await make(acme, {}, rival.keys.tenant_admin)).status).toBe(404);
  expect((await revoke(acme, body.id, rival.keys.tenant_admin)).status).toBe(404);
  expect((await revoke(rival, body.id)).status).toBe(404);
  expect((await make(acme, {}, acme.keys.read)).status).toBe(403);
  expect((await api.call('GET', `/v1/tenants/${acme.id}/sql-logins`, operator)).status).toBe(200);
});

test.each(['mirante_api', 'mirante_owner', 'mirante_sql_short', 'mirante_sql_0123456789abcdef; drop role mirante_api'])(
  'the functions that create and end logins reject all other roles: %s',
  async (login) => {
    const verifier = 'SCRAM-SHA-256$4096:x$y:z';
    const made = db.owner.query('select door.make_login($1, $2, 1, 1, null)', [login, verifier]);
    await expect(made).rejects.toMatchObject({ code: '22023' });
    await expect(db.owner.query('select door.end_login($1)', [login])).rejects.toMatchObject({ code: '22023' });
    await expect(db.api.query('select door.end_login($1)', [login])).rejects.toMatchObject({ code: '42501' });
  },
);
