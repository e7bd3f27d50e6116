import { loginsToEnd } from '../../sql/tenants/offboarding.ts';
import { dropRole, postponeDrop, rolesToDrop } from '../../sql/tenants/roles-to-drop.ts';
import { revokeSqlLogin } from '../../sql/tenants/sql-logins.ts';
import type { RefreshDeps } from '../metrics/refresh-rollups.ts';

export type EndLoginsDeps = Pick<RefreshDeps, 'pool' | 'log'>;

/**
 * Ends the logins that have expired, of one tenant or of all, and those whose revocation did not finish. A login that does not
 * end can read nothing after its first step, and does not block others. Its role is recorded, and endSqlLogins() continues with
 * it.
 */
export async function revokeLogins({ pool, log }: EndLoginsDeps, tenantId?: string): Promise<void> {
  for (const { id, tenant_id } of await loginsToEnd(pool, tenantId)) {
    await revokeSqlLogin(pool, tenant_id, id, 'login').catch((error: Error) =>
      log.error(
        { err: error, tenant: tenant_id, login_id: id },
        'a login can no longer read, but its sessions have not ended yet',
      ),
    );
  }
}

/**
 * Ends logins, then drops the roles of ended ones, each by itself. A role that cannot be dropped is retried later; the errors are
 * thrown at the end.
 */
export async function endSqlLogins(deps: EndLoginsDeps): Promise<void> {
  await revokeLogins(deps);
  const failed: Error[] = [];
  for (const { login, attempts } of await rolesToDrop(deps.pool)) {
    try {
      await dropRole(deps.pool, login);
    } catch (error) {
      deps.log.error({ err: error, login, attempts: attempts + 1 }, 'cannot drop the role of an ended login yet');
      await postponeDrop(deps.pool, login, (error as Error).message);
      failed.push(error as Error);
    }
  }
  if (failed.length > 0) throw new AggregateError(failed, `${failed.length} roles of ended logins cannot be dropped yet`);
}
