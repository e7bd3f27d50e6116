import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { storedBefore } from '../../sql/imports/derived.ts';
import { type Json, useApi } from '../../test/support/api.ts';
import { useArchive } from '../../test/support/archive-home.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';
import { reconcile } from '../metrics/reconcile.ts';
import { refreshRollups } from '../metrics/refresh-rollups.ts';
import { runRetention } from './run-retention.ts';

const db = await useDatabase();
const archive = await useArchive();
const api = await useApi(db, { MIRANTE_DATA_DIR: archive.folder });

const config = {
  RAW_RETENTION_DAYS: 90,
  QUARANTINE_RETENTION_DAYS: 30,
  AGGREGATE_RETENTION_DAYS: 730,
  ACCESS_LOG_RETENTION_DAYS: 183,
};
const deps = { pool: db.jobs, engine: db.engine, log: pino({ level: 'silent' }), config, clock: () => new Date(), archive };

test('the access log is kept for six months, and drops are recorded', async () => {
  const tenant = await makeTenant(db);
  await db.owner.query("select storage.make_partitions('access_log', now() - interval '400 days', now())");
  await db.owner.query(
    `insert into private.access_log
     select $1, date_trunc('hour', now() - make_interval(days => d)), $2, '192.0.2.1', now(), now(), d
     from unnest(array[390, 300, 182, 1]) d`,
    [tenant.id, tenant.keyIds.read],
  );
  await runRetention(deps);
  const { rows } = await db.owner.query('select requests as days from private.access_log order by 1');
  expect(rows).toEqual([{ days: 1 }, { days: 182 }]);
  const proofs = await db.owner.query("select rule from storage.retention_runs where relation = 'access_log'");
  expect(proofs.rows).toEqual([{ rule: 'ACCESS_LOG_RETENTION_DAYS=183' }]);
});

test('each promise is kept to the day: of a type, of a tenant, of rejected input; roll-ups stay and stay right', async () => {
  const tenant = await makeTenant(db);
  const put = (type: string, days: number) => {
    const processing = {
      purpose: 'x',
      legal_basis: 'consent',
      data_categories: ['contact'],
      storage_country: 'BR',
      retention_days: days,
    };
    const body = { schema: {}, mode: 'observe', subject: 'plain', processing };
    return api.call('PUT', `/v1/event-types/${type}`, tenant.keys.tenant_admin, body);
  };
  const at = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
  const send = async (...events: object[]) => (await api.call('POST', '/v1/events', tenant.keys.ingest, events)).body;
  const event = (type: string, days: number) => ({
    id: `${type} ${days}`,
    type,
    time: at(days),
    subject: 'ana',
    data: { n: 1 },
  });
  await send(event('short.v1', 8), event('short.v1', 1), event('long.v1', 8), event('long.v1', 6));
  await send({ id: 'bad', type: 'short.v1', time: 'never', subject: 'ana' });
  // Where engines move no row between partitions.
  await db.owner.query(
    `with gone as (delete from private.quarantine where tenant_id = $1 returning *)
     insert into private.quarantine select (jsonb_populate_record(null::private.quarantine,
         to_jsonb(gone) || jsonb_build_object('received_at', received_at - interval '31 days'))).* from gone`,
    [tenant.id],
  );
  await refreshRollups(deps);
  await db.owner.query('update private.receipts set quarantined = 0 where tenant_id = $1', [tenant.id]);
  expect((await put('short.v1', 5)).status).toBe(201);
  expect((await send(event('short.v1', 7))).quarantined).toBe(1);

  await runRetention(deps);
  const left = async () =>
    (
      await db.owner.query(
        'select type, subject, source <> $2 as whole, data from private.events where tenant_id = $1 order by time',
        [tenant.id, ''],
      )
    ).rows;
  const emptied = { type: 'short.v1', subject: null, whole: false, data: null };
  const whole = (type: string) => ({ type, subject: 'psn', whole: true, data: { n: 1 } });
  const shown = (rows: { subject: string | null }[]) =>
    rows.map((row) => ({ ...row, subject: row.subject?.slice(0, 3) ?? null }));
  expect(shown(await left()).filter(({ type }: Json) => type === 'short.v1')).toEqual([emptied, whole('short.v1')]);
  expect((await db.owner.query('select code from private.quarantine where tenant_id = $1', [tenant.id])).rows).toEqual([
    { code: 'too-old' },
  ]);
  const listed = (await api.call('GET', '/v1/events', tenant.keys.read)).body.data;
  expect(listed.map(({ id }: Json) => id).sort()).toEqual(['long.v1 6', 'long.v1 8', 'short.v1 1']);
  const keys = await db.owner.query('select time::text as time, id from private.events where tenant_id = $1', [tenant.id]);
  const compared = await storedBefore(db.jobs, tenant.id, randomUUID(), keys.rows, randomUUID());
  expect([...compared.values()].map(({ event: { id } }) => id).sort()).toEqual(['long.v1 6', 'long.v1 8', 'short.v1 1']);

  // Somebody's late event has the hour of the emptied one recomputed.
  await send({ ...event('long.v1', 8), id: 'late' });
  await refreshRollups(deps);
  const counts = await db.owner.query(
    'select type, sum(events)::int as n from private.events_daily where tenant_id = $1 group by 1 order by 1',
    [tenant.id],
  );
  expect(counts.rows).toEqual([
    { type: 'long.v1', n: 3 },
    { type: 'short.v1', n: 2 },
  ]);
  expect(await reconcile(deps)).toMatchObject({ differences: 0 });

  await db.owner.query('update private.tenants set raw_retention_days = 7 where id = $1', [tenant.id]);
  await runRetention(deps);
  expect((await left()).filter(({ whole: is }: Json) => is)).toHaveLength(2);
  const { rows } = await db.owner.query(
    "select relation, rule, case relation when 'events' then sum(dropped)::int end as n from storage.retention_runs where rule ~ 'days=|QUAR' and relation in ('events', 'quarantine') group by 1, 2 order by 2",
  );
  expect(rows).toEqual([
    { relation: 'quarantine', rule: 'QUARANTINE_RETENTION_DAYS=30', n: null },
    { relation: 'events', rule: 'raw_retention_days=7', n: 2 },
    { relation: 'events', rule: 'retention_days=5', n: 1 },
  ]);
}, 60_000);
