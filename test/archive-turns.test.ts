import { expect, test } from 'vitest';
import { runRetention } from '../jobs/archive/run-retention.ts';
import { withTransaction } from '../sql/database/db.ts';
import { jobDeps, useArchive } from './support/archive-home.ts';
import { fillDays, RETENTION } from './support/archived-events.ts';
import { makeTenant, useDatabase } from './support/harness.ts';

const db = await useDatabase();
const archive = await useArchive();

// Sessions of the jobs, read with their own login because other logins cannot see them.
async function snapshots(): Promise<number> {
  return withTransaction(db.jobs, 'begin; set local role none', async (client) => {
    const { rows } = await client.query<{ n: number }>(
      `select count(*) as n from pg_stat_activity
       where datname = current_database() and usename = session_user and pid <> pg_backend_pid() and backend_xmin is not null`,
    );
    return rows[0]?.n ?? 0;
  });
}

test('no snapshot is held while a file is uploaded, and several days are archived', async () => {
  const tenant = await makeTenant(db);
  await fillDays(db, tenant.id, { from: 60, to: 57, count: 4 });
  const held: number[] = [];
  const store = {
    ...archive.store,
    async put(name: string, path: string) {
      held.push(await snapshots());
      await archive.store.put(name, path);
    },
  };
  const run = await runRetention({ ...jobDeps(db, archive), archive: { ...archive, store }, config: RETENTION });
  expect(run.files).toBeGreaterThan(10);
  expect(held).toEqual(Array(run.files).fill(0));
});
