import { pino } from 'pino';
import { beforeAll, expect, test } from 'vitest';
import { runMakePartitions } from '../jobs/archive/make-partitions.ts';
import { refreshRollups } from '../jobs/metrics/refresh-rollups.ts';
import { columnstoreOn, convertDue } from '../sql/archive/columnstore.ts';
import { withTenant } from '../sql/database/db.ts';
import { storeEvents } from '../sql/events/events.ts';
import { hasColumnstore } from '../sql/storage/engine.ts';
import { makeTenant, type TestTenant, useDatabase } from './support/harness.ts';
import { ROLLUPS, randomEvents, randomFrom } from './support/telemetry.ts';

const DAY = 86_400_000;

// A database with data, whose administrator has just run a full `analyze`.
const db = await useDatabase();
const tenants: TestTenant[] = [await makeTenant(db), await makeTenant(db)];
const deps = { pool: db.jobs, engine: db.engine, log: pino({ level: 'silent' }), clock: () => new Date() };
await db.owner.query(`update storage.rollups set materialised_to = date_trunc('day', now() - interval '85 days', 'UTC')`);

beforeAll(async () => {
  const events = randomEvents(randomFrom(5), [tenants[1] as TestTenant], 2_000, Date.now() - 60 * DAY, Date.now());
  for (let at = 0; at < events.length; at += 500) await storeEvents(db.api, events.slice(at, at + 500));
  if (hasColumnstore(db.engine)) {
    await columnstoreOn(db.owner, 'events', 30);
    await convertDue(db.owner, 'events');
  }
  await refreshRollups(deps);
  await db.owner.query('analyze');
}, 60_000);

test('no statistics exist of values that a client can send', async () => {
  const client = await db.owner.connect();
  // pg_stats hides rows of tables whose row security applies to the reader, even the owner.
  await client.query(`begin; do $$ begin
    execute (select string_agg(format('alter table %s no force row level security', oid::regclass), '; ') from pg_class
      where relnamespace = 'private'::regnamespace and relforcerowsecurity);
  end $$`);
  const { rows } = await client.query<{ column: string; content: boolean }>(
    `select format('%I.%I.%I', s.schemaname, s.tablename, s.attname) as column,
       a.atttypid <> all ('{uuid, timestamptz, date, integer, bigint, numeric, boolean}'::regtype[]) as content
     from pg_stats s
       join pg_attribute a on a.attrelid = format('%I.%I', s.schemaname, s.tablename)::regclass and a.attname = s.attname
     where s.schemaname in ('private', '_timescaledb_internal') and not starts_with(s.tablename, '_materialized_hypertable_')`,
  );
  await client.query('rollback');
  client.release();
  expect(rows.filter(({ content }) => content)).toEqual([]);
  // The statistics that the planner needs exist.
  expect(rows.filter(({ column }) => /\.(tenant_id|time|bucket)$/.test(column)).length).toBeGreaterThan(10);
});

test('none exist through expression indexes or `create statistics`', async () => {
  const { rows } = await db.owner.query(
    `select i.indexrelid::regclass::text as name from pg_index i join pg_class c on c.oid = i.indrelid
     where c.relowner = 'mirante_owner'::regrole and i.indexprs is not null
     union all
     select stxname from pg_statistic_ext`,
  );
  expect(rows).toEqual([]);
});

test('upkeep covers a new table', async () => {
  await db.owner.query('create table private.later (tenant_id uuid, secret text, weight double precision, at timestamptz)');
  const deps = { pool: db.jobs, engine: db.engine, log: pino({ level: 'silent' }) };
  await runMakePartitions({ ...deps, config: { RAW_RETENTION_DAYS: 90 } });
  const { rows } = await db.owner.query(
    `select attname from pg_attribute where attrelid = 'private.later'::regclass and attnum > 0 and attstattarget = 0`,
  );
  expect(rows).toEqual([{ attname: 'secret' }, { attname: 'weight' }]);
  await db.owner.query('drop table private.later');
});

test('the estimates that a tenant sees are the same with other values of another tenant, and with none', async () => {
  const estimates = (relation: string, condition: string, value: string) =>
    withTenant(db.api, tenants[0]?.id as string, async (client) => {
      const { rows } = await client.query(
        `explain (format json) select * from app.${relation} where ${condition} = '${value}'`,
      );
      return JSON.stringify(rows).match(/"(Plan Rows|Total Cost)":[\d.]+/g);
    });
  const probes = [
    ['events', 'type', 'x.v1'],
    ['events', 'source', 'test'],
    ...ROLLUPS.filter((name) => name.startsWith('events_')).map((name) => [name, 'type', 'x.v1']),
    ...ROLLUPS.filter((name) => name.startsWith('validations_')).map((name) => [name, 'marketplace', 'amazon']),
    ['tenant', 'name', tenants[1]?.name],
  ] as [string, string, string][];
  for (const [relation, column, value] of probes) {
    const { rowCount } = await db.owner.query(
      `select from private.${relation === 'tenant' ? 'tenants' : relation} where ${column} = $1`,
      [value],
    );
    expect(rowCount, relation).toBeGreaterThan(0);
    expect(await estimates(relation, column, value), relation).toEqual(
      await estimates(relation, column, 'y'.repeat(value.length)),
    );
  }
});
