import type { Pool } from '../database/db.ts';
import { type Identity, type IdentityRow, identityOf } from './tenants.ts';

/** The identity of a key that still holds, for a job that works in its name; undefined if it was revoked or has expired. */
export async function identityOfKey(owner: Pool, tenantId: string, keyId: string): Promise<Identity | undefined> {
  const { rows } = await owner.query<IdentityRow>(
    `select k.id as key_id, k.name as key_name, k.scopes, k.expires_at, t.id as tenant_id, t.kind as tenant_kind, t.timezone, t.locale,
         t.limits, t.features, t.raw_retention_days
     from private.api_keys k join private.tenants t on t.id = k.tenant_id
     where k.id = $2 and t.id = $1 and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())`,
    [tenantId, keyId],
  );
  return rows[0] && identityOf(rows[0]);
}
