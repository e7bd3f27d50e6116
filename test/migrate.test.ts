import { expect, test } from 'vitest';
import { migrate } from '../sql/database/migrate.ts';
import { dumpSchema } from '../sql/database/schema.ts';
import { makeTenant, testSecret, useDatabase, useEmptyDatabase } from './support/harness.ts';

const REFUSED = { code: '42501' };

const db = await useDatabase();

test('repeated migrations, also three concurrent ones, change nothing and keep every row', async () => {
  const tenant = await makeTenant(db);
  const before = await dumpSchema(db.migrator);
  await Promise.all([1, 2, 3].map(() => migrate(db.url, testSecret)));
  expect(await dumpSchema(db.migrator)).toBe(before);
  const kept = await db.owner.query('select id from private.tenants where id = $1', [tenant.id]);
  expect(kept.rows).toEqual([{ id: tenant.id }]);
});

test('new databases of one cluster, whose roles already exist, can be migrated concurrently', async () => {
  const fresh = await Promise.all([useEmptyDatabase(), useEmptyDatabase()]);
  const engines = await Promise.all(fresh.map(({ url }) => migrate(url, testSecret)));
  expect(engines).toEqual([db.engine, db.engine]);
});

test('the migrator need not be a superuser', async () => {
  const { rows } = await db.migrator.query<{ on: string }>("select current_setting('is_superuser') as on");
  expect(rows).toEqual([{ on: 'off' }]);
});

test.each([
  'select * from private.tenants',
  'select * from private.events',
  'select * from private.api_keys',
  'select * from private.dirty_hours',
  'select * from private.events_hourly',
  'select * from storage.rollups',
  'select * from bullmq.job',
  'set role mirante_owner',
  'set role mirante_views',
  'set role mirante_jobs',
  'create table public.mine ()',
  'create schema mine',
])('the API cannot run: %s', async (statement) => {
  await makeTenant(db);
  await expect(db.api.query(statement)).rejects.toMatchObject(REFUSED);
});

test('the login of the jobs can read nothing before it takes the role of the owner', async () => {
  const tenant = await makeTenant(db);
  const read = 'select id from private.tenants where id = $1';
  const client = await db.jobs.connect();
  try {
    await client.query('set role mirante_jobs');
    await expect(client.query(read, [tenant.id])).rejects.toMatchObject(REFUSED);
    await client.query('set role mirante_owner');
    expect((await client.query(read, [tenant.id])).rows).toEqual([{ id: tenant.id }]);
  } finally {
    client.release(true);
  }
});

test('an accidental grant on one partition reveals none of its rows', async () => {
  const tenant = await makeTenant(db);
  await db.owner.query(
    `insert into private.events (tenant_id, time, id, received_at, type, source, bytes)
     values ($1, now(), gen_random_uuid(), now(), 'test.leak.v1', 'test', 1)`,
    [tenant.id],
  );
  await db.owner.query("select storage.make_partitions('events', now(), now())");
  const { rows } = await db.owner.query<{ part: string; locked: boolean }>(
    `select inhrelid::regclass::text as part, relrowsecurity as locked
     from pg_inherits join pg_class c on c.oid = inhrelid where inhparent = 'private.events'::regclass`,
  );
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.filter(({ locked }) => !locked)).toEqual([]);
  let there = 0;
  for (const { part } of rows) {
    there += (await db.owner.query(`select from ${part} where tenant_id = $1`, [tenant.id])).rowCount ?? 0;
    await db.owner.query(`grant select on ${part} to mirante_api`);
    expect((await db.api.query(`select * from ${part}`)).rows).toEqual([]);
  }
  expect(there).toBe(1);
});
