import { z } from 'zod';
import type { Pool } from '../../sql/database/db.ts';
import { findTenantOfKey, type Tenant } from '../../sql/tenants/tenants.ts';
import { invalidToken } from '../http/problems.ts';
import { createTokens } from '../http/tokens.ts';
import { requireFeature } from '../tenants/features.ts';

const claims = z.strictObject({
  tenant: z.uuid().lowercase(),
  key: z.uuid().lowercase(),
  export: z.uuid().lowercase(),
  file: z.string(),
});

/** `keyId`: the key that asked for the link, with which it ends. */
export type DownloadLink = { tenantId: string; keyId: string; exportId: string; file: string };

export type Downloads = {
  /** A token that opens one file of one export for a number of seconds. */
  sign: (link: DownloadLink, seconds: number) => Promise<string>;
  /**
   * Whose file a token opens. Throws 401 where it is none of ours, has expired, is of another file, or its key is revoked or its tenant
   * being removed; 403 where the tenant has no exports any more.
   */
  open: (token: unknown, exportId: string, file: string) => Promise<{ tenant: Tenant; keyId: string }>;
};

/** Signs and checks the addresses of files, which are kept nowhere. */
export function createDownloads(pool: Pool, secret: string): Downloads {
  const tokens = createTokens(secret, {
    typ: 'mirante-export+jwt',
    audience: 'mirante export file',
    purpose: 'mirante export token',
    claims,
  });

  return {
    async sign({ tenantId, keyId, exportId, file }, seconds) {
      return (await tokens.sign({ tenant: tenantId, key: keyId, export: exportId, file }, seconds)).token;
    },
    async open(token, exportId, file) {
      const link = await tokens.check(token);
      if (link.export !== exportId || link.file !== file) throw invalidToken();
      const tenant = await findTenantOfKey(pool, link.tenant, link.key);
      if (!tenant || tenant.offboarding_at) throw invalidToken();
      requireFeature(tenant.features, 'exports');
      return { tenant, keyId: link.key };
    },
  };
}
