import { z } from 'zod';
import { findLink, isLinkId } from '../../sql/dashboards/links.ts';
import type { Pool } from '../../sql/database/db.ts';
import { findTenantOfKey, type Tenant } from '../../sql/tenants/tenants.ts';
import { expiredToken, invalidToken, wrongDashboard } from '../http/problems.ts';
import { createTokens, LONGEST_SECONDS, tokenKey } from '../http/tokens.ts';
import { requireFeature } from '../tenants/features.ts';
import type { FixedParameters } from './query.ts';

export { LONGEST_SECONDS };

const PURPOSE = 'mirante viewer token';

const claims = z.strictObject({
  tenant: z.uuid().lowercase(),
  key: z.uuid().lowercase(),
  dashboard: z.string(),
  params: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
});

/** `keyId` is the key that created the link. The link expires with it. */
export type ViewerLink = { tenantId: string; keyId: string; dashboard: string; params: FixedParameters };
/**
 * Viewer of a tenant's dashboard. `locked`: parameters that the link fixes. `expiresAt`: null if a short link never expires.
 */
export type Viewer = {
  tenant: Tenant;
  keyId: string;
  dashboard: string;
  locked: FixedParameters;
  expiresAt: Date | null;
};

export type Viewers = {
  /** Returns a token that opens the cards of one dashboard of one tenant for a number of seconds. */
  sign: (link: ViewerLink, seconds: number) => Promise<{ token: string; expiresAt: Date }>;
  /**
   * Returns the viewer of a token or of a short link's id. Throws 401 if it is invalid or expired or its key is revoked, and
   * 403 if it is for another dashboard than `slug` or the tenant's dashboards are switched off.
   */
  open: (token: unknown, slug: string) => Promise<Viewer>;
  /** Returns the viewer of a short link's id, whatever dashboard it opens. Throws like open(). */
  openShort: (id: string) => Promise<Viewer>;
};

/** Returns the key that signs viewers' tokens, and nothing else. */
export const viewerKey = (secret: string): Uint8Array => tokenKey(secret, PURPOSE);

/**
 * Signs and checks the tokens in viewers' links. Tokens are not stored: one expires with its key, all expire when the secret
 * changes. Short links are rows, so each can also be deleted.
 */
export function createViewers(pool: Pool, secret: string): Viewers {
  const tokens = createTokens(secret, {
    typ: 'mirante-viewer+jwt',
    audience: 'mirante dashboard',
    purpose: PURPOSE,
    claims,
  });

  async function viewerOf({ tenantId, keyId, dashboard, params }: ViewerLink, expiresAt: Date | null): Promise<Viewer> {
    const tenant = await findTenantOfKey(pool, tenantId, keyId);
    if (!tenant || tenant.offboarding_at) throw invalidToken();
    requireFeature(tenant.features, 'dashboards');
    return { tenant, keyId, dashboard, locked: params, expiresAt };
  }

  async function openShort(id: string): Promise<Viewer> {
    const found = isLinkId(id) ? await findLink(pool, id) : undefined;
    if (!found) throw invalidToken();
    if (found.expires_at && found.expires_at.getTime() <= Date.now()) throw expiredToken();
    const { tenant_id: tenantId, key_id: keyId, dashboard, params, expires_at } = found;
    return viewerOf({ tenantId, keyId, dashboard, params }, expires_at);
  }

  return {
    openShort,
    sign: ({ tenantId, keyId, dashboard, params }, seconds) =>
      tokens.sign({ tenant: tenantId, key: keyId, dashboard, params }, seconds),
    async open(token, slug) {
      if (isLinkId(token)) {
        const viewer = await openShort(token);
        if (viewer.dashboard !== slug) throw wrongDashboard();
        return viewer;
      }
      const { tenant, key, expiresAt, ...link } = await tokens.check(token);
      if (link.dashboard !== slug) throw wrongDashboard();
      return viewerOf({ tenantId: tenant, keyId: key, ...link }, expiresAt);
    },
  };
}
