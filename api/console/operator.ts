import type { Deps } from '../http/deps.ts';
import type { Console } from './console.ts';
import { mountConsoleHealth } from './health.ts';
import { mountConsoleObjectives } from './objectives.ts';
import { mountConsoleQueues } from './queues.ts';
import { mountConsoleRemoval } from './removal.ts';
import { mountConsoleStorage } from './storage.ts';
import { mountConsoleTenant } from './tenant.ts';
import { mountConsoleTenants } from './tenants.ts';
import { mountConsoleUsage } from './usage.ts';

/** The pages of the platform's operator. */
export function mountConsoleOperator(console: Console, deps: Deps): void {
  mountConsoleTenants(console);
  mountConsoleTenant(console);
  mountConsoleRemoval(console);
  mountConsoleHealth(console);
  mountConsoleObjectives(console);
  mountConsoleQueues(console);
  mountConsoleStorage(console);
  mountConsoleUsage(console, deps);
}
