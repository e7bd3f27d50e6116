import { expect, test } from 'vitest';
import { createPool } from '../sql/database/db.ts';
import { withRefreshLock } from '../sql/metrics/rollups.ts';
import { useDatabase } from './support/harness.ts';

const db = await useDatabase();

test('the work under a lock ends as soon as the connection that holds the lock ends', async () => {
  const login = createPool(db.urls.jobs, { max: 1, name: 'test login' });
  // The guard is the first connection of its pool.
  const pool = createPool(db.urls.jobs, { max: 2, name: 'test guarded', role: 'mirante_owner' });
  try {
    const end = () =>
      login.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where application_name = 'test guarded' and datname = current_database() and state = 'idle in transaction'`,
      );
    // The backend runs its statement to the end, and the next holder waits for that. Its lock ends a moment after the connection.
    const working = withRefreshLock(pool, false, (client) => Promise.all([client.query('select pg_sleep(3)'), end()]));
    await expect(working).rejects.toThrow(/held the lock/);
    expect(await withRefreshLock(pool, true, async () => 'again')).toBe('again');
  } finally {
    await pool.end();
    await login.end();
  }
}, 30_000);

test('an idle limit inherited from the database ends no guard', async () => {
  const { rows } = await db.migrator.query<{ name: string }>('select quote_ident(current_database()) as name');
  await db.migrator.query(`alter database ${rows[0]?.name} set idle_in_transaction_session_timeout = '100ms'`);
  const pool = createPool(db.urls.jobs, { max: 2, name: 'test limited', role: 'mirante_owner' });
  try {
    expect(await withRefreshLock(pool, false, (client) => client.query('select pg_sleep(0.5)'))).toBeDefined();
  } finally {
    await pool.end();
  }
}, 30_000);
