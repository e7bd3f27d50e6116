import type { Express } from 'express';
import { z } from 'zod';
import { type Queues, queueHealth } from '../../jobs/queues.ts';
import { heartbeatAges } from '../../sql/queries/heartbeats.ts';
import type { Deps } from '../deps.ts';
import { route } from '../route.ts';

/** A queue whose last consumed job is older than this is not being worked on. */
const STALE_SECONDS = 45;

const health = z.object({ status: z.enum(['ok', 'degraded', 'unavailable']), checks: z.record(z.string(), z.unknown()) });

export function mountHealth(app: Express, deps: Deps, queues: Queues): void {
  route(
    app,
    deps,
    { method: 'get', path: '/livez', summary: 'Whether the process runs', scopes: [], status: 200, answer: health },
    async () => ({ body: { status: 'ok', checks: {} } }),
  );

  route(
    app,
    deps,
    {
      method: 'get',
      path: '/readyz',
      summary: 'Whether requests can be served (503 if not); `degraded` where a queue is not being worked on',
      scopes: [],
      status: 200,
      otherStatuses: [503],
      answer: health,
    },
    async () => {
      const ages = await heartbeatAges(deps.pool).catch(() => undefined);
      if (!ages) return { status: 503, body: { status: 'unavailable', checks: { database: { status: 'unavailable' } } } };
      const checks: Record<string, unknown> = { database: { status: 'ok' } };
      let status = 'ok';
      for (const [queue, { heartbeat_age_s: age, ...states }] of Object.entries(await queueHealth(queues, ages))) {
        const fine = age !== null && age < STALE_SECONDS && states.waiting !== null;
        if (!fine) status = 'degraded';
        checks[`queue:${queue}`] = { status: fine ? 'ok' : 'degraded', heartbeat_age_s: age && Math.round(age), ...states };
      }
      return { body: { status, checks } };
    },
  );
}
