import { expect, test } from 'vitest';
import { verifyChain } from '../../cli/commands/audit.ts';
import { withTenant } from '../../sql/database/db.ts';
import { addEventType, type EventType, findEventType } from '../../sql/event-types/event-types.ts';
import { type Json, useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, type TestTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);
const operator = await makeOperatorKey(db);
const [mine, theirs] = [await makeTenant(db), await makeTenant(db)];

async function log(query = '', tenant = mine): Promise<Json[]> {
  const answer = await api.call('GET', `/v1/audit-log${query}`, tenant.keys.tenant_admin);
  expect(answer.status).toBe(200);
  // Addresses are recorded when the access log is written, and tests do not wait for that.
  return answer.body.data.filter(({ action }: Json) => action !== 'key.new_address');
}

const UNTOLD = { description: null, personal_fields: [], subject: 'pseudonymised' as const, processing: null };

// Not over HTTP: the API refuses a schema that takes long to compile, and on a busy machine any may.
const addVersion = (tenant: TestTenant, added: Pick<EventType, 'type' | 'schema' | 'mode'>) =>
  withTenant(
    db.api,
    tenant.id,
    async (client) => {
      const version = ((await findEventType(client, added.type))?.version ?? 0) + 1;
      return addEventType(client, tenant.id, { ...UNTOLD, ...added, version });
    },
    'login',
  );

test('each action of a tenant’s administrator is logged, with its actor and without secrets', async () => {
  const admin = mine.keys.tenant_admin;
  const headers = { 'x-request-id': 'audited-1' };
  const made = await api.call('POST', `/v1/tenants/${mine.id}/keys`, admin, { name: 'k', scopes: ['read'] }, headers);
  await api.call('GET', '/v1/events', made.body.key);
  await api.call('DELETE', `/v1/tenants/${mine.id}/keys/${made.body.id}`, admin);
  await api.call('DELETE', `/v1/tenants/${mine.id}/keys/${made.body.id}`, admin);
  const schema = { type: 'object', description: 'x'.repeat(5_000) };
  for (const mode of ['observe', 'reject'] as const) await addVersion(mine, { type: 'a.b', schema, mode });
  const [changed, created, revoked, key] = await log();
  const actor = { key_id: mine.keyIds.tenant_admin, tenant_id: mine.id, address: '127.0.0.1' };
  expect(key).toMatchObject({
    action: 'key.created',
    target: made.body.id,
    actor: { ...actor, request_id: 'audited-1' },
    details: { name: { old: null, new: 'k' }, scopes: { old: null, new: ['read'] } },
  });
  expect(key.details).not.toHaveProperty('hash');
  expect(JSON.stringify(key)).not.toContain(made.body.key);
  expect(revoked).toMatchObject({ action: 'key.revoked', target: made.body.id, actor });
  expect(revoked.details).toEqual({ revoked_at: { old: null, new: expect.stringMatching(/\+00:00$/) } });
  expect(created).toMatchObject({ action: 'event_type.created', target: 'a.b', details: { mode: { new: 'observe' } } });
  expect(created.details.schema.new).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(changed).toMatchObject({ action: 'event_type.changed', details: { version: { new: 2 }, mode: { new: 'reject' } } });
});

test('an action of the operator on a tenant is only in that tenant’s log', async () => {
  await api.call('PATCH', `/v1/tenants/${mine.id}`, operator, { name: 'Renamed', limits: { events_per_second: 7 } });
  const made = await api.call('POST', '/v1/tenants', operator, { slug: 'audited', name: 'Audited' });
  const [entry] = await log('?action=tenant.changed');
  expect(entry.details).toEqual({
    name: { old: mine.name, new: 'Renamed' },
    limits: { old: {}, new: { events_per_second: 7 } },
  });
  const { rows } = await db.owner.query('select id from private.tenants where kind = $1', ['operations']);
  expect(entry.actor).toMatchObject({ tenant_id: rows[0].id, address: '127.0.0.1' });
  expect(entry.target).toBe(mine.id);
  expect((await log('', theirs)).map(({ action }) => action)).toEqual([...Array(5).fill('key.created'), 'tenant.created']);
  for (const other of [mine, theirs]) expect(JSON.stringify(await log('', other))).not.toContain(made.body.id);
});

test('a replay that stores events is recorded, a dry run is not', async () => {
  const admin = theirs.keys.tenant_admin;
  await addVersion(theirs, { type: 'c.d', schema: { required: ['x'] }, mode: 'quarantine' });
  const sent = await api.call('POST', '/v1/events', theirs.keys.ingest, { type: 'c.d', data: {} });
  expect(sent.body.quarantined).toBe(1);
  await addVersion(theirs, { type: 'c.d', schema: {}, mode: 'quarantine' });
  // The API caches a version for a few seconds.
  const dry = async () => (await api.call('POST', '/v1/quarantine/replay', admin, { dry_run: true })).body.accepted;
  await expect.poll(dry, { timeout: 60_000 }).toBe(1);
  expect(await log('?action=quarantine.replayed', theirs)).toEqual([]);
  expect((await api.call('POST', '/v1/quarantine/replay', admin, {})).body.accepted).toBe(1);
  const replays = await log('?action=quarantine.replayed', theirs);
  expect(replays).toMatchObject([{ target: 'quarantine', details: { rows: 1 }, actor: { tenant_id: theirs.id } }]);
});

test('the list has pages, newest first, and only administrators read it', async () => {
  const whole = await log('?limit=1000');
  expect(whole.map(({ at }) => at)).toEqual(
    whole
      .map(({ at }) => at)
      .sort()
      .reverse(),
  );
  const seen: Json[] = [];
  let path = '/v1/audit-log?limit=3&action=key.created';
  while (path) {
    const answer = await api.call('GET', path, mine.keys.tenant_admin);
    seen.push(...answer.body.data);
    path = /<(.*)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1] ?? '';
  }
  expect(seen).toEqual(whole.filter(({ action }) => action === 'key.created'));
  expect((await api.call('GET', '/v1/audit-log?cursor=nonsense', mine.keys.tenant_admin)).status).toBe(400);
  expect((await api.call('GET', '/v1/audit-log?colour=red', mine.keys.tenant_admin)).status).toBe(400);
  for (const key of [mine.keys.ingest, mine.keys.read, mine.keys.export, mine.keys.embed]) {
    expect((await api.call('GET', '/v1/audit-log', key)).status).toBe(403);
  }
  // The operator reads the platform's own log, where nothing of a tenant is.
  const own = await api.call('GET', '/v1/audit-log?limit=1000', operator);
  expect(own.body.data.map(({ action }: Json) => action)).toContain('key.created');
  expect(own.text).not.toContain(mine.keyIds.read);
  expect(await verifyChain(db.owner)).toContain('The audit log is complete and unchanged.');
});
