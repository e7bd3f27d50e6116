import { z } from 'zod';
import { type Queues, queueHealth, within } from '../../jobs/queues.ts';
import { type Isolation, readIsolation } from '../../sql/audit/isolation-audits.ts';
import { readWatermark } from '../../sql/dashboards/cards.ts';
import { withClient } from '../../sql/database/db.ts';
import { heartbeatAges } from '../../sql/platform/heartbeats.ts';
import { detectEngine, type Engine } from '../../sql/storage/engine.ts';
import type { Deps } from '../http/deps.ts';
import { route } from '../http/route.ts';
import type { Api } from '../http/types.ts';
import { platformSpecs } from './spec.ts';

/** An audit runs every hour. If two are missing, the state is unknown, as in ops.measure_service(). */
const STALE_AUDIT_SECONDS = 2 * 3600 + 300;

/** Longest time that /readyz waits for the database. The caller expects an answer within a second. */
const DATABASE_MS = 900;

/** If the last consumed job is older, no worker processes the queue. */
const STALE_SECONDS = 45;

const health = z.object({ status: z.enum(['ok', 'degraded', 'unavailable']), checks: z.record(z.string(), z.unknown()) });

export function mountHealth(api: Api, deps: Deps, queues: Queues): void {
  route(
    api,
    deps,
    { ...platformSpecs.live, method: 'get', path: '/livez', scopes: [], status: 200, answer: health },
    async () => ({ body: { status: 'ok', checks: {} } }),
  );

  route(
    api,
    deps,
    {
      ...platformSpecs.ready,
      method: 'get',
      path: '/readyz',
      scopes: [],
      status: 200,
      otherStatuses: [503],
      answer: health,
    },
    async () => {
      const known = await within(DATABASE_MS, readState(deps)).catch(() => undefined);
      if (!known) return { status: 503, body: { status: 'unavailable', checks: { database: { status: 'unavailable' } } } };
      const { ages, engine, watermark } = known;
      const isolation = isolationCheck(known.isolation);
      const checks: Record<string, unknown> = {
        database: { status: 'ok', engine },
        watermark: { status: 'ok', at: watermark },
      };
      let status = 'ok';
      for (const [queue, { heartbeat_age_s: age, ...states }] of Object.entries(await queueHealth(queues, ages))) {
        const fine = age !== null && age < STALE_SECONDS && states.waiting !== null;
        if (!fine) status = 'degraded';
        checks[`queue:${queue}`] = { status: fine ? 'ok' : 'degraded', heartbeat_age_s: age && Math.round(age), ...states };
      }
      checks.isolation = isolation;
      if (isolation.status === 'failed' || isolation.status === 'stale') status = 'degraded';
      return { body: { status, checks } };
    },
  );
}

type State = { ages: Map<string, number>; engine: Engine; watermark: Date; isolation: Isolation | undefined };

async function readState({ health }: Deps): Promise<State> {
  const [ages, engine, watermark, isolation] = await Promise.all([
    heartbeatAges(health),
    withClient(health, detectEngine),
    readWatermark(health),
    readIsolation(health, new Date()),
  ]);
  return { ages, engine, watermark, isolation };
}

// Unknown until the first audit has run, shortly after the first start.
function isolationCheck(audit: Isolation | undefined): { status: 'ok' | 'failed' | 'stale' | 'unknown'; age_s?: number } {
  if (!audit) return { status: 'unknown' };
  const { foreign_rows, dead, age_seconds } = audit;
  const failed = foreign_rows > 0 || dead > 0;
  const status = failed ? 'failed' : age_seconds > STALE_AUDIT_SECONDS ? 'stale' : 'ok';
  return { status, age_s: Math.round(age_seconds) };
}
