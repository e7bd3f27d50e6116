import { readFileSync } from 'node:fs';
import { v4 } from 'uuid';
import { expect, test } from 'vitest';
import { findOperations, SCOPES } from '../../sql/tenants/tenants.ts';
import { type Json, useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, type TestTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);
const operator = await makeOperatorKey(db);
const [mine, theirs] = [await makeTenant(db), await makeTenant(db)];

const keysOf = (tenant: TestTenant) => `/v1/tenants/${tenant.id}/keys`;
const make = (body: object, headers: Record<string, string> = {}, key = mine.keys.tenant_admin, tenant = mine) =>
  api.call('POST', keysOf(tenant), key, body, headers);

test('a key is shown once, works at once, and stops working when it is revoked', async () => {
  const made = await make({ name: 'reader', scopes: ['read'] });
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({
    name: 'reader',
    scopes: ['read'],
    expires_at: null,
    key: expect.stringMatching(/^mir_read_[\w-]{20,}$/),
  });
  expect((await make({ name: 'two', scopes: ['read', 'ingest'] })).body.key).toMatch(/^mir_multi_/);
  expect((await api.call('GET', '/v1/events', made.body.key)).status).toBe(200);
  const list = await api.call('GET', keysOf(mine), mine.keys.tenant_admin);
  expect(list.text).not.toContain(made.body.key);
  const row = list.body.data.find(({ id }: Json) => id === made.body.id);
  expect(row).toMatchObject({
    name: 'reader',
    prefix: made.body.prefix,
    revoked_at: null,
    last_used_at: expect.stringMatching(/Z$/),
  });
  expect(row.key).toBeUndefined();
  const { rows } = await db.owner.query('select k::text as text from private.api_keys k');
  expect(JSON.stringify(rows)).not.toContain(made.body.key);

  const path = `${keysOf(mine)}/${made.body.id}`;
  const gone = await api.call('DELETE', path, mine.keys.tenant_admin);
  expect([gone.status, gone.text]).toEqual([204, '']);
  expect((await api.call('GET', '/v1/events', made.body.key)).status).toBe(401);
  expect((await api.call('DELETE', path, mine.keys.tenant_admin)).status).toBe(204);
  expect((await api.call('DELETE', `${keysOf(mine)}/${v4()}`, mine.keys.tenant_admin)).status).toBe(404);
});

test('the expression in SECURITY.md for secret scanners matches every key and no prefix of one', async () => {
  const page = readFileSync(new URL('../../SECURITY.md', import.meta.url), 'utf8');
  const expression = new RegExp(`^${/^mir_\(.+$/m.exec(page)?.[0]}$`);
  for (const scopes of [...SCOPES.map((scope) => [scope]), ['read', 'ingest']]) {
    const { tenantId } = await findOperations(db.api);
    const made = await api.call('POST', `/v1/tenants/${tenantId}/keys`, operator, { name: 'scanned', scopes });
    expect(made.body.key).toMatch(expression);
    expect(made.body.prefix).not.toMatch(expression);
  }
});

test('an Idempotency-Key replays the same key without its secret', async () => {
  const headers = { 'idempotency-key': v4() };
  const first = await make({ name: 'once', scopes: ['ingest'] }, headers);
  const again = await make({ name: 'once', scopes: ['ingest'] }, headers);
  expect(again.status).toBe(201);
  expect(again.body).toEqual({ ...first.body, key: null, code: 'secret-already-shown' });
  expect((await make({ name: 'other', scopes: ['ingest'] }, headers)).body.code).toBe('idempotency-mismatch');
  const { rows } = await db.owner.query('select i::text as text from private.idempotency_keys i');
  expect(JSON.stringify(rows)).not.toContain(first.body.key);
});

test('an expiry is kept, and one in the past is refused', async () => {
  const soon = new Date(Date.now() + 1_500).toISOString();
  const made = await make({ name: 'brief', scopes: ['read'], expires_at: soon });
  expect(made.body.expires_at).toBe(soon);
  expect((await api.call('GET', '/v1/events', made.body.key)).status).toBe(200);
  await expect.poll(async () => (await api.call('GET', '/v1/events', made.body.key)).status).toBe(401);
  expect((await make({ name: 'x', scopes: ['read'], expires_at: new Date(0).toISOString() })).body.errors[0].pointer).toBe(
    '/expires_at',
  );
});

test('neither a tenant’s administrator nor the operator can create an operator key for a customer', async () => {
  expect((await make({ name: 'x', scopes: ['admin'] })).body.code).toBe('wrong-scope');
  expect((await make({ name: 'x', scopes: ['read', 'admin'] })).body.code).toBe('wrong-scope');
  expect((await make({ name: 'x', scopes: ['admin'] }, {}, operator)).body.code).toBe('wrong-scope');
  expect((await make({ name: 'x', scopes: ['ingest', 'tenant-admin'] }, {}, operator)).status).toBe(201);
});

test('a tenant’s administrator gets 404 for every other tenant', async () => {
  const admin = mine.keys.tenant_admin;
  const answers = [
    await make({ name: 'x', scopes: ['read'] }, {}, admin, theirs),
    await api.call('GET', keysOf(theirs), admin),
    await api.call('DELETE', `${keysOf(theirs)}/${theirs.keyIds.read}`, admin),
    await api.call('GET', `/v1/tenants/${v4()}/keys`, admin),
  ];
  for (const { status, body } of answers) expect([status, body.code, body.title]).toEqual([404, 'not-found', 'No such tenant']);
  // The id of another tenant's key, under the own tenant's path.
  expect((await api.call('DELETE', `${keysOf(mine)}/${theirs.keyIds.read}`, admin)).status).toBe(404);
  const { rows } = await db.owner.query('select revoked_at from private.api_keys where id = $1', [theirs.keyIds.read]);
  expect(rows).toEqual([{ revoked_at: null }]);
  expect((await api.call('GET', '/v1/events', theirs.keys.read)).status).toBe(200);
});

test('other scopes cannot create keys, and invalid input is refused', async () => {
  for (const name of ['ingest', 'read', 'export', 'embed'] as const) {
    expect((await make({ name: 'x', scopes: ['read'] }, {}, mine.keys[name])).status).toBe(403);
  }
  for (const body of [
    { name: 'x' },
    { name: 'x', scopes: [] },
    { name: 'x', scopes: ['read', 'read'] },
    { name: 'x', scopes: ['root'] },
    { name: '', scopes: ['read'] },
  ]) {
    expect((await make(body)).status).toBe(400);
  }
});

test('the list has pages', async () => {
  const whole = await api.call('GET', `${keysOf(theirs)}?limit=1000`, operator);
  expect(whole.body.data).toHaveLength(5);
  const first = await api.call('GET', `${keysOf(theirs)}?limit=3`, operator);
  const second = await api.call('GET', `${keysOf(theirs)}?limit=3&cursor=${first.body.next_cursor}`, operator);
  expect([...first.body.data, ...second.body.data]).toEqual(whole.body.data);
  expect(second.body.next_cursor).toBeNull();
});
