import { pino } from 'pino';
import { refreshRollups } from '../jobs/metrics/refresh-rollups.ts';
import { withClient } from '../sql/database/db.ts';
import { detectEngine } from '../sql/storage/engine.ts';
import { caughtUp } from './history.ts';
import type { Stage } from './stage.ts';

const RUNS = 15;

/**
 * Milliseconds (median) to refresh all roll-ups after late events in the newest full hour, at the current amount of history.
 */
export async function benchRefresh(stage: Stage) {
  const { owner, tenants } = stage;
  const engine = await withClient(owner, detectEngine);
  await caughtUp(stage);
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    await owner.query(
      `insert into private.events (tenant_id, time, id, received_at, type, source, outcome, duration_ms, bytes, data)
       select ($1::uuid[])[1 + n % cardinality($1::uuid[])],
           date_trunc('hour', now(), 'UTC') - interval '1 hour' + n * interval '3 seconds',
           gen_random_uuid(), now(), 'bench.late.v1', 'bench', 'success', n, 100, '{}' from generate_series(1, 10) n`,
      [tenants.map(({ id }) => id)],
    );
    await owner.query("insert into private.dirty_hours (hour) values (date_trunc('hour', now(), 'UTC') - interval '1 hour')");
    const started = performance.now();
    while (!(await refreshRollups({ pool: owner, engine, log: pino({ level: 'silent' }), clock: () => new Date() }))) {
      await caughtUp(stage);
    }
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  return { dirty_hour_ms: times[Math.floor(RUNS / 2)] };
}
