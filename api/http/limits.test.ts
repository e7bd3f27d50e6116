import { v4 } from 'uuid';
import { expect, test } from 'vitest';
import { type Answer, useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, type TestTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const api = await useApi(db);

const send = (tenant: TestTenant, count: number, more: object = {}, to = api) =>
  to.call(
    'POST',
    '/v1/events',
    tenant.keys.ingest,
    Array.from({ length: count }, () => ({ id: v4(), type: 'a', time: new Date().toISOString(), ...more })),
  );

function expectRefused(answer: Answer, code: string): void {
  expect([answer.status, answer.body.code]).toEqual([429, code]);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
}

test('requests over the rate are 429, and every answer shows the remaining rate of its tenant', async () => {
  const [slow, other] = [await makeTenant(db, { limits: { requests_per_second: 3 } }), await makeTenant(db)];
  const answers = await Promise.all(Array.from({ length: 10 }, () => api.call('GET', '/v1/events', slow.keys.read)));
  const [served, refused] = [answers.filter(({ status }) => status === 200), answers.filter(({ status }) => status !== 200)];
  expect(served.length).toBeGreaterThanOrEqual(3);
  expect(refused.length).toBeGreaterThan(0);
  for (const answer of refused) expectRefused(answer, 'rate-limited');
  for (const { headers } of answers) {
    expect(headers.get('ratelimit-policy')).toBe('"requests";q=3;w=1');
    expect(headers.get('ratelimit')).toMatch(/^"requests";r=\d+;t=\d+$/);
  }
  expect(refused[0]?.headers.get('ratelimit')).toBe('"requests";r=0;t=1');
  const free = await api.call('GET', '/v1/events', other.keys.read);
  expect([free.status, free.headers.get('ratelimit-policy')]).toEqual([200, '"requests";q=10000;w=1']);
  await expect.poll(async () => (await api.call('GET', '/v1/events', slow.keys.read)).status, { timeout: 60_000 }).toBe(200);
});

test('events over the rate are 429 and none of them is kept', async () => {
  const tenant = await makeTenant(db, { limits: { events_per_second: 10 } });
  const answers = await Promise.all([send(tenant, 8), send(tenant, 8), send(tenant, 8)]);
  expect(answers.filter(({ status }) => status === 202).length).toBeGreaterThanOrEqual(1);
  const refused = answers.filter(({ status }) => status !== 202);
  for (const answer of refused) expectRefused(answer, 'rate-limited');
  const { rows } = await db.owner.query<{ n: number }>('select count(*) as n from private.events where tenant_id = $1', [
    tenant.id,
  ]);
  expect(rows[0]?.n).toBe(8 * (answers.length - refused.length));
});

/** Sends until the quota is exhausted. Use is written once a second. */
const refusal = (call: () => Promise<Answer>) =>
  expect.poll(async () => (await call()).body.code, { timeout: 60_000, interval: 200 }).toBe('quota-exceeded');

test('an exhausted monthly quota of events is 429 until it is raised, also after a restart', async () => {
  const tenant = await makeTenant(db, { limits: { events_per_month: 20 } });
  const first = await useApi(db);
  expect((await send(tenant, 30, {}, first)).status).toBe(202);
  await refusal(() => send(tenant, 1, {}, first));
  expectRefused(await send(tenant, 1, {}, first), 'quota-exceeded');
  expect((await first.call('GET', '/v1/events', tenant.keys.read)).status).toBe(200);

  await first.close();
  const restarted = await useApi(db);
  await refusal(() => send(tenant, 1, {}, restarted));

  const operator = await makeOperatorKey(db);
  await restarted.call('PATCH', `/v1/tenants/${tenant.id}`, operator, { limits: { events_per_month: 1_000 } });
  await expect.poll(async () => (await send(tenant, 1, {}, restarted)).status, { timeout: 60_000, interval: 200 }).toBe(202);
});

test('an exhausted quarantine quota refuses what would be quarantined, and nothing else', async () => {
  const tenant = await makeTenant(db, { limits: { quarantine_bytes: 1_000 } });
  const bad = () => send(tenant, 1, { data_base64: 5, note: 'x'.repeat(2_000) });
  expect((await bad()).body.quarantined).toBe(1);
  await refusal(bad);
  expectRefused(await bad(), 'quota-exceeded');
  expectRefused(await api.call('POST', '/v1/events', tenant.keys.ingest, 'no json'), 'quota-exceeded');
  expect((await send(tenant, 1)).body.accepted).toBe(1);
});
