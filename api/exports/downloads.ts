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

/** `keyId`: the key that created the link. The link expires with it. */
export type DownloadLink = { tenantId: string; keyId: string; exportId: string; file: string };

export type Downloads = {
  /** Returns a token that opens one file of one export for a number of seconds. */
  sign: (link: DownloadLink, seconds: number) => Promise<string>;
  /**
   * Returns the tenant and key of a token. Throws 401 if it is invalid, expired or for another file, its key is revoked or its
   * tenant is being removed; 403 if the tenant no longer has the feature `exports`.
   */
  open: (token: unknown, exportId: string, file: string) => Promise<{ tenant: Tenant; keyId: string }>;
};

/** Signs and checks the addresses of files. Tokens are not stored. */
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
