import type { Deps } from '../http/deps.ts';
import { mountConsoleHealth } from './health.ts';
import { mountConsoleIncidents } from './incidents.ts';
import { mountConsoleObjectives } from './objectives.ts';
import { mountConsoleQueues } from './queues.ts';
import { mountConsoleRemoval } from './removal.ts';
import type { Site } from './site.ts';
import { mountConsoleStorage } from './storage.ts';
import { mountConsoleTenant } from './tenant.ts';
import { mountConsoleTenants } from './tenants.ts';
import { mountConsoleUsage } from './usage.ts';

/** The pages of the platform's operator. */
export function mountConsoleOperator(site: Site, deps: Deps): void {
  mountConsoleTenants(site);
  mountConsoleTenant(site);
  mountConsoleRemoval(site);
  mountConsoleHealth(site);
  mountConsoleIncidents(site);
  mountConsoleObjectives(site);
  mountConsoleQueues(site);
  mountConsoleStorage(site);
  mountConsoleUsage(site, deps);
}
