import { Busy } from '../../lib/busy.ts';
import { withArchiveTurn } from '../../sql/archive/files.ts';
import { type Client, withTenant } from '../../sql/database/db.ts';
import { endExportsOf } from '../../sql/exports/upkeep.ts';
import { eraseTenantFromRollups, withRefreshLock } from '../../sql/metrics/rollups.ts';
import { allowLargeDeletes } from '../../sql/storage/engine.ts';
import {
  beginOffboarding,
  completeOffboarding,
  emptyTable,
  KEPT,
  noteRemoved,
  openOffboardings,
  putOffOffboarding,
  removeTenant,
  tenantTables,
} from '../../sql/tenants/offboarding.ts';
import { destroyTenant } from '../archive/sweep.ts';
import { destroyAllOf } from '../exports/destroy.ts';
import type { RefreshDeps } from '../metrics/refresh-rollups.ts';
import type { PrivacyDeps } from '../privacy/serve-requests.ts';
import { eachItem } from '../queue/each.ts';
import { revokeLogins } from './end-sql-logins.ts';

/** What removing a tenant does not reach, said in each certificate. */
const NOT_REACHED = [
  'Backups, until they expire.',
  'Rate limits in Redis: counters under the tenant’s id, for at most 30 days.',
];

/**
 * Removes every tenant whose removal was asked for, once no transaction runs any more that may have begun before its keys were
 * closed: its logins, the roll-ups of every age, then its rows in every table, the tenant itself, and whatever came meanwhile. One that
 * cannot be removed stops no other, and is tried again later.
 */
export async function offboardTenants(deps: PrivacyDeps): Promise<void> {
  const open = await openOffboardings(deps.pool);
  await eachItem(open, telling(deps, 'cannot remove a tenant'), async ({ tenant_id: tenantId, slug, requested_at }) => {
    await beginOffboarding(deps.pool, tenantId);
    await revokeLogins(deps, tenantId);
    // Its workers hear within a second; a file that one of them still writes is removed below, or by itself.
    await withTenant(deps.pool, tenantId, (client) => endExportsOf(client, tenantId), 'login');
    await emptied(deps, tenantId, () => destroyAllOf(deps, tenantId), 'files of exports');
    // A refresh that had read the tenant's rows before would write them into a roll-up after.
    const remove = async (client: Client) => {
      const tables = await tenantTables(client);
      await emptied(deps, tenantId, () => destroyTenant(deps, tenantId), 'files of the archive');
      await emptied(deps, tenantId, (one) => eraseTenantFromRollups(one, tenantId), 'roll-ups');
      for (const table of tables) await emptied(deps, tenantId, (one) => emptyTable(one, table, tenantId), table);
      await withTenant(deps.pool, tenantId, (one) => removeTenant(one, tenantId), 'login');
      for (const table of tables) await emptied(deps, tenantId, (one) => emptyTable(one, table, tenantId), table);
    };
    // Nor may a run of the archive write what it had read before.
    await withArchiveTurn(deps.pool, () => withRefreshLock(deps.pool, true, remove), 'try').catch(async (error) => {
      if (error instanceof Busy) await putOffOffboarding(deps.pool, tenantId);
      throw error;
    });
    await emptied(deps, tenantId, () => destroyAllOf(deps, tenantId), 'files of exports');
    await completeOffboarding(deps.pool, tenantId, {
      kind: 'offboarding',
      tenant_id: tenantId,
      slug,
      requested_at,
      completed_at: deps.clock(),
      kept: KEPT,
      not_reached: NOT_REACHED,
    });
    deps.log.info({ tenant: tenantId }, 'tenant removed');
  });
}

const telling = ({ log }: Pick<RefreshDeps, 'log'>, message: string) => ({
  log,
  message,
  about: ({ tenant_id }: { tenant_id: string }) => ({ tenant: tenant_id }),
});

async function emptied(
  deps: RefreshDeps,
  tenantId: string,
  work: (client: Client) => Promise<number>,
  name: string,
): Promise<void> {
  await withTenant(
    deps.pool,
    tenantId,
    async (client) => {
      await allowLargeDeletes(client);
      await noteRemoved(client, tenantId, { [name]: await work(client) });
    },
    'login',
  );
}
