import { expect, test } from 'vitest';
import { refreshRollups } from '../../jobs/metrics/refresh-rollups.ts';
import { servePrivacyRequests } from '../../jobs/privacy/serve-requests.ts';
import { closeRestatements, openRestatements } from '../../sql/metrics/restatements.ts';
import { type Json, useApi } from '../../test/support/api.ts';
import { jobDeps, useArchive } from '../../test/support/archive-home.ts';
import { makeTenant, type TestTenant, useDatabase } from '../../test/support/harness.ts';

const DAY = 86_400_000;
const TODAY = Math.floor(Date.now() / DAY) * DAY;
const day = (ago: number) => new Date(TODAY - ago * DAY).toISOString();
const noon = (ago: number) => new Date(TODAY - ago * DAY + DAY / 2).toISOString();

const db = await useDatabase();
const archive = await useArchive();
const api = await useApi(db);

const jobs = () => jobDeps(db, archive);

async function send(tenant: TestTenant, time: string, count: number, more: object = {}): Promise<void> {
  const events = Array.from({ length: count }, () => ({ type: 'shop.order.paid.v1', time, ...more }));
  expect((await api.call('POST', '/v1/events', tenant.keys.ingest, events)).body).toMatchObject({ accepted: count });
}

const metric = async (tenant: TestTenant, name: string, ago = 7): Promise<Json> =>
  (await api.call('GET', `/v1/metrics/${name}?interval=total&from=${day(ago)}`, tenant.keys.read)).body;
const list = async (tenant: TestTenant, query = ''): Promise<Json> =>
  (await api.call('GET', `/v1/restatements${query}`, tenant.keys.read)).body;

test('late events and an erasure restate only the days that they change', async () => {
  const [tenant, other] = [await makeTenant(db), await makeTenant(db)];
  await send(tenant, new Date().toISOString(), 2);
  await send(other, noon(3), 1);
  await refreshRollups(jobs());
  expect(await metric(tenant, 'events.count')).toMatchObject({ restated: { count: 0, latest: null }, restatements: [] });

  await send(tenant, noon(3), 2, { subject: 'ana' });
  const waiting = await metric(tenant, 'events.count');
  expect(waiting.watermark).toBe(noon(3));
  // The other tenant's metrics are complete meanwhile.
  expect(Date.parse((await metric(other, 'events.count')).watermark)).toBeGreaterThan(Date.now() - 60_000);
  await refreshRollups(jobs());
  await send(tenant, noon(3), 3, { data: { duration_ms: 4 } });
  await send(tenant, noon(5), 1);
  await refreshRollups(jobs());

  const counts = await metric(tenant, 'events.count');
  expect(counts.data[0].value).toBe(8);
  expect(Date.parse(counts.watermark)).toBeGreaterThan(Date.now() - 60_000);
  expect(counts.restated).toEqual({ count: 3, latest: expect.any(String) });
  const shown = counts.restatements.map(({ restated_at: _, ...rest }: Json) => rest);
  expect(shown).toEqual([
    { bucket: day(3), before: 2, after: 5 },
    { bucket: day(5), before: 0, after: 1 },
    { bucket: day(3), before: 0, after: 2 },
  ]);
  expect((await metric(tenant, 'latency.p95')).restatements).toMatchObject([{ bucket: day(3), before: 0, after: 3 }]);
  expect((await metric(tenant, 'events.count', 4)).restated.count).toBe(2);
  expect((await metric(tenant, 'corrections.count')).restated.count).toBe(0);
  expect((await metric(other, 'events.count')).restated.count).toBe(1);

  await api.call('POST', '/v1/privacy/requests', tenant.keys.tenant_admin, { kind: 'erasure', subject: 'ana' });
  await servePrivacyRequests(jobs());
  // Another window, because answers are cached for some seconds.
  expect((await metric(tenant, 'events.count', 8)).restatements[0]).toMatchObject({ bucket: day(3), before: 5, after: 3 });

  const first = await list(tenant, '?limit=3&figures=events');
  const rest = await list(tenant, `?limit=3&figures=events&cursor=${first.next_cursor}`);
  expect([...first.data, ...rest.data].map(({ after }: Json) => after).sort()).toEqual([1, 2, 3, 5]);
  expect(rest.next_cursor).toBeNull();
  expect((await list(tenant)).data).toHaveLength(5);
  expect((await list(tenant, '?figures=weather')).errors).toMatchObject([{ pointer: '/figures' }]);
});

test('a dashboard lists the days of its window that changed after they were published', async () => {
  const tenant = await makeTenant(db);
  await send(tenant, noon(2), 1);
  await refreshRollups(jobs());
  const card = `/v1/dashboards/data-volume/cards/events?from=${day(7)}`;
  expect((await api.call('GET', `${card}&interval=day`, tenant.keys.read)).body.restated).toEqual({ days: 0, latest: null });
  await send(tenant, noon(2), 2);
  await refreshRollups(jobs());
  expect((await api.call('GET', card, tenant.keys.read)).body.restated).toEqual({ days: 1, latest: expect.any(String) });
  const earlier = `${card}&to=${day(3)}`;
  expect((await api.call('GET', earlier, tenant.keys.read)).body.restated).toEqual({ days: 0, latest: null });
});

test('a refresh that was interrupted loses no restatement', async () => {
  const tenant = await makeTenant(db);
  await send(tenant, noon(9), 4);
  await refreshRollups(jobs());
  const touched = [{ day: TODAY - 9 * DAY, tenants: [tenant.id] }];
  const client = await db.jobs.connect();
  await openRestatements(client, 'events_daily', touched);
  await send(tenant, noon(9), 1);
  await refreshRollups(jobs());
  await openRestatements(client, 'events_daily', touched);
  await closeRestatements(client, 'events_daily');
  client.release();
  const { data } = await list(tenant);
  expect(data.map(({ before, after }: Json) => [before, after])).toEqual([
    [4, 5],
    [0, 4],
  ]);
});
