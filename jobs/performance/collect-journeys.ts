import type { Logger } from '../../lib/log.ts';
import { type Pool, withTransaction } from '../../sql/database/db.ts';
import {
  beginCollecting,
  type Collecting,
  clearDirtyJourneys,
  collectedServices,
  collectJourneys,
  dirtyJourneys,
  forgetJourneys,
  lockJourneys,
  noteCollected,
  servicesToCollect,
  tenantsWithDirtyJourneys,
} from '../../sql/performance/journeys.ts';
import { eachItem } from '../queue/each.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MARKS = 5_000;
/** How long one service may take of a run, so that those of other tenants have their turn. */
const TURN_MS = 20_000;

type JourneyDeps = { pool: Pool; log: Logger; clock: () => Date };

/**
 * Brings the journeys of all services up to date: those of new or changed services from all events, a day at a time, and those of hours in
 * which events were stored since the last run.
 */
export async function collectAllJourneys(deps: JourneyDeps): Promise<void> {
  const telling = { log: deps.log, message: 'journeys not collected' };
  const about = ({ tenant_id, slug }: Collecting) => ({ tenant: tenant_id, service: slug });
  await eachItem(await servicesToCollect(deps.pool), { ...telling, about }, (service) => collectFromStart(deps, service));
  const tenants = await tenantsWithDirtyJourneys(deps.pool);
  await eachItem(tenants, { ...telling, about: (tenant) => ({ tenant }) }, (tenant) => collectDirty(deps, tenant));
}

async function collectFromStart({ pool, clock }: JourneyDeps, service: Collecting): Promise<void> {
  const { tenant_id: tenantId, slug } = service;
  const until = Date.now() + TURN_MS;
  let from = service.collected_to;
  for (let isDone = false; !isDone && Date.now() < until; ) {
    from = await withTransaction(pool, 'begin', async (client) => {
      await lockJourneys(client);
      const start = from ?? (await beginCollecting(client, tenantId, slug)) ?? clock();
      // Events may be ten minutes ahead of the clock.
      const end = clock().getTime() + HOUR_MS;
      const to = new Date(Math.min(end, start.getTime() + DAY_MS));
      const isLast = to.getTime() === end;
      await collectJourneys(client, tenantId, service, start, to);
      const isNoted = await noteCollected(client, tenantId, service, isLast ? clock() : to, isLast);
      // What changed meanwhile begins again in the next run.
      isDone = isLast || !isNoted;
      return to;
    });
  }
}

async function collectDirty({ pool }: JourneyDeps, tenantId: string): Promise<void> {
  for (let count = MARKS; count === MARKS; ) {
    count = await withTransaction(pool, 'begin', async (client) => {
      await lockJourneys(client);
      const { ids, hours } = await dirtyJourneys(client, tenantId, MARKS);
      for (const source of await collectedServices(client, tenantId)) {
        for (const { from, forced } of hours) {
          const to = new Date(from.getTime() + HOUR_MS);
          if (forced) await forgetJourneys(client, tenantId, source, from, to);
          await collectJourneys(client, tenantId, source, from, to);
        }
      }
      await clearDirtyJourneys(client, tenantId, ids);
      return ids.length;
    });
  }
}
