import { pino } from 'pino';
import { expect, test } from 'vitest';
import { useArchive } from '../../test/support/archive-home.ts';
import { makeTenant, useDatabase } from '../../test/support/harness.ts';
import { runRetention } from './run-retention.ts';

const db = await useDatabase();
const archive = await useArchive();

test('the access log is kept for six months, and drops are recorded', async () => {
  const tenant = await makeTenant(db);
  await db.owner.query("select storage.make_partitions('access_log', now() - interval '400 days', now())");
  await db.owner.query(
    `insert into private.access_log
     select $1, date_trunc('hour', now() - make_interval(days => d)), $2, '192.0.2.1', now(), now(), d
     from unnest(array[390, 300, 182, 1]) d`,
    [tenant.id, tenant.keyIds.read],
  );
  const config = {
    RAW_RETENTION_DAYS: 90,
    QUARANTINE_RETENTION_DAYS: 30,
    AGGREGATE_RETENTION_DAYS: 730,
    ACCESS_LOG_RETENTION_DAYS: 183,
  };
  const deps = { pool: db.jobs, engine: db.engine, log: pino({ level: 'silent' }), config, clock: () => new Date(), archive };
  await runRetention(deps);
  const { rows } = await db.owner.query('select requests as days from private.access_log order by 1');
  expect(rows).toEqual([{ days: 1 }, { days: 182 }]);
  const proofs = await db.owner.query("select rule from storage.retention_runs where relation = 'access_log'");
  expect(proofs.rows).toEqual([{ rule: 'ACCESS_LOG_RETENTION_DAYS=183' }]);
});
