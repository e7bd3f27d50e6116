import { findTenant, type Identity, type Tenant } from '../../sql/tenants/tenants.ts';
import type { Deps } from './deps.ts';
import { conflict, notFound } from './problems.ts';

/** The tenant that a call names. Throws 404: to a tenant's own administrator no other tenant exists. */
export async function reachTenant(deps: Deps, identity: Identity, tenantId: string): Promise<Tenant> {
  if (!identity.scopes.includes('admin') && identity.tenantId !== tenantId) throw notFound('tenant');
  const tenant = await findTenant(deps.pool, tenantId);
  if (!tenant) throw notFound('tenant');
  return tenant;
}

/** The same for a call that gives somebody access. Throws 409 where the tenant is being removed. */
export async function reachOpenTenant(deps: Deps, identity: Identity, tenantId: string): Promise<Tenant> {
  const tenant = await reachTenant(deps, identity, tenantId);
  if (tenant.offboarding_at) throw conflict('tenant-offboarding', 'The tenant is being removed');
  return tenant;
}
