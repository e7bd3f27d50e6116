import type { Pool } from '../database/db.ts';

/** Records that a job of this queue was actually consumed. */
export async function beat(pool: Pool, queue: string): Promise<void> {
  await pool.query(
    'insert into private.heartbeats (queue, beat_at) values ($1, now()) on conflict (queue) do update set beat_at = excluded.beat_at',
    [queue],
  );
}

/** Seconds since a job of each queue was consumed, for the API's login. */
export async function heartbeatAges(pool: Pool): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ queue: string; age_seconds: number }>('select queue, age_seconds from door.heartbeats()');
  return new Map(rows.map((row) => [row.queue, row.age_seconds]));
}

/** The same for one queue and the jobs' login; undefined if none was consumed yet. */
export async function heartbeatAge(pool: Pool, queue: string): Promise<number | undefined> {
  const { rows } = await pool.query<{ age: number }>(
    'select extract(epoch from now() - beat_at)::double precision as age from private.heartbeats where queue = $1',
    [queue],
  );
  return rows[0]?.age;
}
