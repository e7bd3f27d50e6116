import { z } from 'zod';
import { findLink, isLinkId } from '../../sql/dashboards/links.ts';
import type { Pool } from '../../sql/database/db.ts';
import { findTenantOfKey, type Tenant } from '../../sql/tenants/tenants.ts';
import { expiredToken, invalidToken, wrongDashboard } from '../http/problems.ts';
import { createTokens, LONGEST_SECONDS, tokenKey } from '../http/tokens.ts';
import { requireFeature } from '../tenants/features.ts';

export { LONGEST_SECONDS };

const PURPOSE = 'mirante viewer token';

const claims = z.strictObject({
  tenant: z.uuid().lowercase(),
  key: z.uuid().lowercase(),
  dashboard: z.string(),
  params: z.record(z.string(), z.string()),
});

/** `keyId`: the key that makes it, with which it ends. */
export type ViewerLink = { tenantId: string; keyId: string; dashboard: string; params: Record<string, string> };
/** Whose dashboard a viewer sees, and which of its parameters the link has fixed. A short link may have no end of its own. */
export type Viewer = {
  tenant: Tenant;
  keyId: string;
  dashboard: string;
  locked: Record<string, string>;
  expiresAt: Date | null;
};

export type Viewers = {
  /** A token that opens the cards of one dashboard of one tenant, for so many seconds. */
  sign: (link: ViewerLink, seconds: number) => Promise<{ token: string; expiresAt: Date }>;
  /**
   * What a token, or the id of a short link, opens. Throws 401 where it is none of ours, has expired or its key is revoked, 403 where it is of
   * another dashboard than `slug` or the tenant has none any more.
   */
  open: (token: unknown, slug: string) => Promise<Viewer>;
  /** What the id of a short link opens, whichever dashboard that is. Throws as open() does. */
  openShort: (id: string) => Promise<Viewer>;
};

/** The key of viewers' tokens, of no other use. */
export const viewerKey = (secret: string): Uint8Array => tokenKey(secret, PURPOSE);

/**
 * Signs and checks the tokens in viewers' links, which are kept nowhere: they end with their key, and all with another secret. Short links are rows,
 * so each may be deleted as well.
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
