import { notFound } from '../lib/errors.ts';
import { findTenant, type Identity, type Tenant } from '../sql/queries/tenants.ts';
import type { Deps } from './deps.ts';

/** The tenant that a call names. Throws 404: to a tenant's own administrator no other tenant exists. */
export async function reachTenant(deps: Deps, identity: Identity, tenantId: string): Promise<Tenant> {
  if (!identity.scopes.includes('admin') && identity.tenantId !== tenantId) throw notFound('tenant');
  const tenant = await findTenant(deps.pool, tenantId);
  if (!tenant) throw notFound('tenant');
  return tenant;
}
