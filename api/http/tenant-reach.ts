import { findTenant, type Identity, type Tenant } from '../../sql/tenants/tenants.ts';
import type { Deps } from './deps.ts';
import { conflict, notFound } from './problems.ts';

/** Returns the tenant that a call names. Throws 404 if it is unknown, or not the tenant of a key without `admin`. */
export async function reachTenant(deps: Deps, identity: Identity, tenantId: string): Promise<Tenant> {
  if (!identity.scopes.includes('admin') && identity.tenantId !== tenantId) throw notFound('tenant');
  const tenant = await findTenant(deps.pool, tenantId);
  if (!tenant) throw notFound('tenant');
  return tenant;
}

/** Like reachTenant(), for calls that grant access. Throws 409 if the tenant is being removed. */
export async function reachOpenTenant(deps: Deps, identity: Identity, tenantId: string): Promise<Tenant> {
  const tenant = await reachTenant(deps, identity, tenantId);
  if (tenant.offboarding_at) throw conflict('tenant-offboarding', 'The tenant is being removed');
  return tenant;
}
