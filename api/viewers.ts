import { z } from 'zod';
import { invalidToken, wrongDashboard } from '../lib/errors.ts';
import type { Pool } from '../sql/db.ts';
import { findTenantOfKey, type Tenant } from '../sql/queries/tenants.ts';
import { requireFeature } from './features.ts';
import { createTokens, LONGEST_SECONDS, tokenKey } from './tokens.ts';

export { LONGEST_SECONDS };

const PURPOSE = 'mirante viewer token';

const claims = z.strictObject({
  tenant: z.uuid().lowercase(),
  key: z.uuid().lowercase(),
  dashboard: z.string(),
  params: z.record(z.string(), z.string()),
});

/** `keyId`: the key that makes it, with which it ends. */
export type Link = { tenantId: string; keyId: string; dashboard: string; params: Record<string, string> };
/** Whose dashboard a viewer sees, and which of its parameters the link has fixed. */
export type Viewer = { tenant: Tenant; keyId: string; locked: Record<string, string>; expiresAt: Date };

export type Viewers = {
  /** A token that opens the cards of one dashboard of one tenant, for so many seconds. */
  sign: (link: Link, seconds: number) => Promise<{ token: string; expiresAt: Date }>;
  /**
   * What a token opens. Throws 401 where it is none of ours, has expired or its key is revoked, 403 where it is of another
   * dashboard than `slug` or the tenant has none any more.
   */
  open: (token: unknown, slug: string) => Promise<Viewer>;
};

/** The key of viewers' tokens, of no other use. */
export const viewerKey = (secret: string): Uint8Array => tokenKey(secret, PURPOSE);

/** Signs and checks the tokens in viewers' links. They are kept nowhere: they end with their key, and all with another secret. */
export function createViewers(pool: Pool, secret: string): Viewers {
  const tokens = createTokens(secret, {
    typ: 'mirante-viewer+jwt',
    audience: 'mirante dashboard',
    purpose: PURPOSE,
    claims,
  });

  return {
    sign: ({ tenantId, keyId, dashboard, params }, seconds) =>
      tokens.sign({ tenant: tenantId, key: keyId, dashboard, params }, seconds),
    async open(token, slug) {
      const link = await tokens.check(token);
      if (link.dashboard !== slug) throw wrongDashboard();
      const tenant = await findTenantOfKey(pool, link.tenant, link.key);
      if (!tenant || tenant.offboarding_at) throw invalidToken();
      requireFeature(tenant.features, 'dashboards');
      return { tenant, keyId: link.key, locked: link.params, expiresAt: link.expiresAt };
    },
  };
}
