import { Busy } from '../../lib/busy.ts';
import { withArchiveTurn } from '../../sql/archive/files.ts';
import { type Client, withTenant } from '../../sql/database/db.ts';
import { endExportsOf } from '../../sql/exports/upkeep.ts';
import { eraseTenantFromRollups, withRefreshLock } from '../../sql/metrics/rollups.ts';
import { allowLargeDeletes } from '../../sql/storage/engine.ts';
import {
  beginOffboarding,
  completeOffboarding,
  countKept,
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
import { destroyBodiesOf } from '../imports/erase.ts';
import type { RefreshDeps } from '../metrics/refresh-rollups.ts';
import type { PrivacyDeps } from '../privacy/serve-requests.ts';
import { eachItem } from '../queue/each.ts';
import { revokeLogins } from './end-sql-logins.ts';

/** What removing a tenant does not reach. Each certificate lists it. */
const NOT_REACHED = [
  'Backups, until they are deleted. A restore of one repeats this removal from the erasure ledger before anything is served.',
  'The erasure ledger: the id of the tenant, and pseudonyms whose key is gone.',
  'Benchmarks: a keyed hash of the organisation in the blocks that it was counted in, without its figures. It goes within a year after its last use; removed earlier, it would reveal others’ figures.',
  'The queue: failed mails with links to sign in, which name members by ids that lead to nobody, for 14 days.',
  'Rate limits in Redis: counters under the tenant’s id, for at most 30 days.',
];

/**
 * Removes every tenant whose removal was requested, once all transactions that began before its keys were closed have ended.
 * Removes its logins, its rows in roll-ups of any age, its rows in every table, the tenant itself, and rows that arrived in the
 * meantime. A tenant that cannot be removed does not stop the others and is retried later.
 */
export async function offboardTenants(deps: PrivacyDeps): Promise<void> {
  const open = await openOffboardings(deps.pool);
  await eachItem(open, telling(deps, 'cannot remove a tenant'), async ({ tenant_id: tenantId, requested_at }) => {
    await beginOffboarding(deps.pool, tenantId);
    await revokeLogins(deps, tenantId);
    // Its workers notice within a second. A file that one of them is still writing is removed below, or by its worker.
    await withTenant(deps.pool, tenantId, (client) => endExportsOf(client, tenantId), 'login');
    await emptied(deps, tenantId, () => destroyAllOf(deps, tenantId), 'files of exports');
    await emptied(deps, tenantId, () => destroyBodiesOf(deps, tenantId), 'documents of the vault');
    // Under the refresh lock: a refresh that had already read the tenant's rows would write them into a roll-up afterwards.
    const remove = async (client: Client) => {
      const tables = await tenantTables(client);
      await emptied(deps, tenantId, () => destroyTenant(deps, tenantId), 'files of the archive');
      await emptied(deps, tenantId, (one) => eraseTenantFromRollups(one, tenantId), 'roll-ups');
      for (const table of tables) await emptied(deps, tenantId, (one) => emptyTable(one, table, tenantId), table);
      await withTenant(deps.pool, tenantId, (one) => removeTenant(one, tenantId), 'login');
      for (const table of tables) await emptied(deps, tenantId, (one) => emptyTable(one, table, tenantId), table);
    };
    // The same holds for a run of the archive.
    await withArchiveTurn(deps.pool, () => withRefreshLock(deps.pool, true, remove), 'try').catch(async (error) => {
      if (error instanceof Busy) await putOffOffboarding(deps.pool, tenantId);
      throw error;
    });
    await emptied(deps, tenantId, () => destroyAllOf(deps, tenantId), 'files of exports');
    await emptied(deps, tenantId, () => destroyBodiesOf(deps, tenantId), 'documents of the vault');
    await completeOffboarding(deps.pool, tenantId, {
      kind: 'offboarding',
      tenant_id: tenantId,
      requested_at,
      completed_at: deps.clock(),
      kept: KEPT,
      kept_rows: await countKept(deps.pool, tenantId),
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
