import { expect, test } from 'vitest';
import { recordAccess } from '../../sql/audit/access-log.ts';
import { type TestApi, useApi } from '../../test/support/api.ts';
import { makeOperatorKey, makeTenant, useDatabase } from '../../test/support/harness.ts';

const db = await useDatabase();
const api = await useApi(db, { TRUSTED_PROXIES: '127.0.0.1, 192.0.2.0/24' });

type Row = { key_id: string; address: string; requests: number; first_at: Date; last_at: Date; hour: Date };

async function accesses(tenantId: string): Promise<Row[]> {
  const { rows } = await db.owner.query<Row>(
    'select key_id, host(address) as address, requests, first_at, last_at, hour from private.access_log where tenant_id = $1 order by 1, 2, 6',
    [tenantId],
  );
  return rows;
}

async function newAddresses(tenantId: string): Promise<string[]> {
  const { rows } = await db.owner.query<{ seen: string }>(
    `select target || ' ' || (details ->> 'address') as seen from private.audit_log
     where action = 'key.new_address' and tenant_id = $1 order by 1`,
    [tenantId],
  );
  return rows.map(({ seen }) => seen);
}

const total = (rows: Row[]) => rows.reduce((sum, { requests }) => sum + requests, 0);
const written = (tenantId: string, requests: number) =>
  expect.poll(async () => total(await accesses(tenantId)), { timeout: 60_000 }).toBe(requests);

test('each use of a key is counted by hour and address, also ingestion and refusals; unknown keys are not counted', async () => {
  const tenant = await makeTenant(db);
  const started = Date.now();
  const from = (address: string) => ({ 'x-forwarded-for': address });
  for (let n = 0; n < 3; n++) await api.call('GET', '/v1/events', tenant.keys.read, undefined, from('198.51.100.7'));
  await api.call('GET', '/v1/events', tenant.keys.read, undefined, from('2001:db8::1'));
  await api.call('GET', '/v1/events', tenant.keys.ingest, undefined, from('198.51.100.7'));
  await api.call('POST', '/v1/events', tenant.keys.ingest, { type: 'a' }, from('198.51.100.7'));
  await api.call('POST', '/v1/events', `${tenant.keys.ingest}x`, { type: 'a' }, from('198.51.100.7'));
  await written(tenant.id, 6);
  const byKey = new Map<string, number>();
  for (const row of await accesses(tenant.id)) {
    const name = `${row.key_id} ${row.address}`;
    byKey.set(name, (byKey.get(name) ?? 0) + row.requests);
    expect(row.first_at.getTime()).toBeGreaterThanOrEqual(started);
    expect(row.last_at.getTime()).toBeGreaterThanOrEqual(row.first_at.getTime());
    expect(row.hour.getTime()).toBe(Math.floor(row.first_at.getTime() / 3600_000) * 3600_000);
  }
  expect(Object.fromEntries(byKey)).toEqual({
    [`${tenant.keyIds.read} 198.51.100.7`]: 3,
    [`${tenant.keyIds.read} 2001:db8::1`]: 1,
    [`${tenant.keyIds.ingest} 198.51.100.7`]: 2,
  });
  expect(await newAddresses(tenant.id)).toEqual([...byKey.keys()].sort((a, b) => (a < b ? -1 : 1)));
});

test('X-Forwarded-For is trusted only from trusted proxies, back to the first untrusted hop', async () => {
  const tenant = await makeTenant(db);
  const plain = await useApi(db);
  const chains: [TestApi, string | undefined][] = [
    [plain, '198.51.100.1'],
    [api, undefined],
    [api, 'unknown'],
    [api, '203.0.113.66, 198.51.100.2, 192.0.2.9'],
    [api, '203.0.113.66, nonsense, 192.0.2.9'],
    [api, '::ffff:198.51.100.3'],
    [api, '10.0.0.1:4711, 198.51.100.4'],
  ];
  for (const [on, chain] of chains) {
    await on.call('GET', '/v1/events', tenant.keys.read, undefined, chain === undefined ? {} : { 'x-forwarded-for': chain });
  }
  await plain.close();
  await written(tenant.id, chains.length);
  const found = new Map((await accesses(tenant.id)).map(({ address, requests }) => [address, requests]));
  expect(Object.fromEntries(found)).toEqual({
    '127.0.0.1': 3,
    '198.51.100.2': 1,
    '192.0.2.9': 1,
    '198.51.100.3': 1,
    '198.51.100.4': 1,
  });
});

test('an operator who opens the board of queues is in the log too', async () => {
  const operator = await makeOperatorKey(db);
  const answer = await api.call('GET', '/ops/queues', operator, undefined, { 'x-forwarded-for': '198.51.100.99' });
  expect(answer.status).toBe(200);
  const seen = async () => (await db.owner.query("select from private.access_log where address = '198.51.100.99'")).rowCount;
  await expect.poll(seen, { timeout: 60_000 }).toBe(1);
});

const access = (keyId: string, address: string, at = Date.now(), requests = 1) => [
  { keyId, address, viewer: false, firstAt: at, lastAt: at, requests },
];

test('viewers are logged under the key that made their link, but not as a new address of that key', async () => {
  const tenant = await makeTenant(db);
  const { body } = await api.call('POST', '/v1/dashboards/validations-overview/embeds', tenant.keys.embed, {});
  const seen = async (address: string) => {
    const query =
      'select requests::int, viewer_requests::int, key_id from private.access_log where tenant_id = $1 and address = $2';
    return (await db.owner.query(query, [tenant.id, address])).rows;
  };
  const { pathname, search } = new URL(body.viewer_url);
  await api.call('GET', pathname + search, undefined, undefined, { 'x-forwarded-for': '198.51.100.77' });
  await expect
    .poll(() => seen('198.51.100.77'), { timeout: 60_000 })
    .toEqual([{ requests: 1, viewer_requests: 1, key_id: tenant.keyIds.embed }]);
  expect(await newAddresses(tenant.id)).not.toContain(`${tenant.keyIds.embed} 198.51.100.77`);
  // A viewer's address does not count as one of the key: for the key itself it is new.
  await recordAccess(db.api, access(tenant.keyIds.embed, '198.51.100.77'));
  expect(await newAddresses(tenant.id)).toContain(`${tenant.keyIds.embed} 198.51.100.77`);
});

test('several processes that see a key at a new address record it once', async () => {
  const tenant = await makeTenant(db);
  const hour = 3600_000;
  const key = tenant.keyIds.ingest;
  await Promise.all(
    Array.from({ length: 8 }, (_, n) => recordAccess(db.api, access(key, '203.0.113.5', Date.now() - (n % 2) * hour))),
  );
  expect(total(await accesses(tenant.id))).toBe(8);
  expect(await newAddresses(tenant.id)).toEqual([`${key} 203.0.113.5`]);
  await recordAccess(db.api, access(key, '203.0.113.5', Date.now() + 5 * hour));
  expect(await newAddresses(tenant.id)).toHaveLength(1);
  await recordAccess(db.api, access(tenant.keyIds.read, '203.0.113.5'));
  expect(await newAddresses(tenant.id)).toHaveLength(2);
});

test('concurrent flushes, in any order, count everything', async () => {
  const tenant = await makeTenant(db);
  const keys = Object.values(tenant.keyIds);
  const flush = (turn: number) => {
    const entries = keys.flatMap((key) => Array.from({ length: 20 }, (_, n) => access(key, `10.1.${turn % 3}.${n}`)).flat());
    return recordAccess(db.api, turn % 2 ? entries : entries.reverse());
  };
  await Promise.all(Array.from({ length: 12 }, (_, turn) => flush(turn)));
  expect(total(await accesses(tenant.id))).toBe(12 * 100);
  expect(await newAddresses(tenant.id)).toHaveLength(3 * 100);
});

test('waiting counts are written on close, and a key that no longer exists is skipped', async () => {
  const tenant = await makeTenant(db);
  const other = await useApi(db);
  await other.call('GET', '/v1/events', tenant.keys.read);
  await other.close();
  expect(total(await accesses(tenant.id))).toBe(1);
  await recordAccess(db.api, [
    ...access('00000000-0000-7000-8000-000000000000', '10.0.0.1'),
    ...access(tenant.keyIds.read, '10.0.0.1'),
  ]);
  expect(total(await accesses(tenant.id))).toBe(2);
});
