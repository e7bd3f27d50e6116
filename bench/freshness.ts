import { setTimeout } from 'node:timers/promises';
import { pino } from 'pino';
import { createProbe } from '../jobs/platform/probe-platform.ts';
import { quantile } from './http-load.ts';
import { through } from './ingest.ts';
import type { Stage } from './stage.ts';

const SECONDS = 60;
const BATCH = 100;
const CONNECTIONS = 16;

/** Time from sending an event until a metric includes it, at half of the API's maximum load. */
export async function benchFreshness(stage: Stage) {
  await through(stage, BATCH, CONNECTIONS);
  const limit = (await through(stage, BATCH, CONNECTIONS)).eventsPerSecond;
  const probe = createProbe({ pool: stage.owner, log: pino({ level: 'silent' }), clock: () => new Date(), apiUrl: stage.url });
  await probe();
  await stage.owner.query('delete from private.probes');
  const pauseMs = (BATCH * CONNECTIONS * 1000) / (limit / 2);
  const loading = through(stage, BATCH, CONNECTIONS, SECONDS, pauseMs);
  // Rounds are not awaited here, so that a slow one does not delay others.
  const rounds: Promise<void>[] = [];
  for (let second = 0; second < SECONDS; second++) {
    rounds.push(probe());
    await setTimeout(1000);
  }
  const { eventsPerSecond } = await loading;
  await Promise.all(rounds);
  const { rows } = await stage.owner.query<{ ok: boolean; milliseconds: number }>(
    "select ok, milliseconds from private.probes where probe = 'arrival'",
  );
  const seconds = Float64Array.from(rows, ({ milliseconds }) => milliseconds / 1000).sort();
  return {
    limit_events_per_second: limit,
    loaded_with: eventsPerSecond,
    canaries: rows.length,
    lost: rows.filter(({ ok }) => !ok).length,
    p50_seconds: quantile(seconds, 0.5),
    p95_seconds: quantile(seconds, 0.95),
    slowest_seconds: quantile(seconds, 1),
  };
}
