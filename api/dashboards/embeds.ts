import { hkdfSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { type Config, secretOf } from '../../lib/config.ts';
import { signGrant } from '../../sql/dashboards/grants.ts';
import { findMetabaseDashboard } from '../../sql/dashboards/metabase.ts';
import { type Pool, withTenant } from '../../sql/database/db.ts';

/** A Metabase dashboard for one tenant. `site` is the address of Metabase for browsers. */
export type Embed = { token: string; dashboardId: number; site: string };

export type Embeds = {
  /**
   * Returns a token with which Metabase shows one dashboard of one tenant, with these parameters fixed, until `expiresAt`.
   * Returns undefined if Metabase does not have the dashboard.
   */
  sign: (tenantId: string, slug: string, params: Record<string, string>, expiresAt: Date) => Promise<Embed | undefined>;
};

/** Returns the secret that signs embeds, 64 hex digits: the configured one, or HKDF-SHA-256 of the platform's secret. */
export function embeddingSecret(config: Config): string {
  const derived = () => Buffer.from(hkdfSync('sha256', secretOf(config), '', 'mirante metabase embedding', 32)).toString('hex');
  return config.METABASE_EMBEDDING_SECRET ?? derived();
}

/** Signs tokens that Metabase accepts as its own. The grant in one names the tenant and does not expire before the token. */
export function createEmbeds(pool: Pool, config: Config): Embeds | undefined {
  const address = config.METABASE_SITE_URL ?? config.METABASE_URL;
  if (!address) return undefined;
  const site = address.replace(/\/+$/, '');
  const secret = embeddingSecret(config);

  return {
    sign: (tenantId, slug, params, expiresAt) =>
      withTenant(pool, tenantId, async (client) => {
        const dashboardId = await findMetabaseDashboard(client, slug);
        if (dashboardId === undefined) return undefined;
        const given = { ...params, grant: await signGrant(client, expiresAt) };
        return { token: await signEmbed(secret, dashboardId, given, expiresAt), dashboardId, site };
      }),
  };
}

/** Returns a Metabase token for one dashboard. The key is the text of the secret, not the bytes of its hexadecimal digits. */
export function signEmbed(
  secret: string,
  dashboard: number,
  params: Record<string, unknown>,
  expiresAt: Date,
): Promise<string> {
  return new SignJWT({ resource: { dashboard }, params })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setExpirationTime(Math.floor(expiresAt.getTime() / 1000))
    .sign(new TextEncoder().encode(secret));
}
