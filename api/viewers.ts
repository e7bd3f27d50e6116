import { hkdfSync } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { expiredToken, invalidToken, wrongDashboard } from '../lib/errors.ts';
import type { Pool } from '../sql/db.ts';
import { findTenantOfKey, type Tenant } from '../sql/queries/tenants.ts';
import { requireFeature } from './features.ts';

const HEADER = { alg: 'HS256', typ: 'mirante-viewer+jwt' } as const;
const AUDIENCE = 'mirante dashboard';
export const LONGEST_SECONDS = 24 * 3600;

// The last of 43 characters holds four bits of the signature and two that nothing reads: one token has one spelling.
const SHAPE = /^[\w-]+\.[\w-]+\.[\w-]{42}[AEIMQUYcgkosw048]$/;

const header = z.strictObject({ alg: z.literal(HEADER.alg), typ: z.literal(HEADER.typ) });
const claims = z
  .strictObject({
    aud: z.literal(AUDIENCE),
    tenant: z.uuid().lowercase(),
    key: z.uuid().lowercase(),
    dashboard: z.string(),
    params: z.record(z.string(), z.string()),
    iat: z.int(),
    exp: z.int(),
  })
  .refine(({ iat, exp }) => exp - iat <= LONGEST_SECONDS);

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

/** The key of viewers' tokens: HKDF-SHA-256 of the platform's secret (RFC 5869), so that no other use of it shares the key. */
export function viewerKey(secret: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', 'mirante viewer token', 32));
}

/** Signs and checks the tokens in viewers' links. They are kept nowhere: they end with their key, and all with another secret. */
export function createViewers(pool: Pool, secret: string): Viewers {
  const key = viewerKey(secret);

  return {
    async sign({ tenantId, keyId, dashboard, params }, seconds) {
      const now = Math.floor(Date.now() / 1000);
      const token = await new SignJWT({ tenant: tenantId, key: keyId, dashboard, params })
        .setProtectedHeader({ ...HEADER })
        .setAudience(AUDIENCE)
        .setIssuedAt(now)
        .setExpirationTime(now + seconds)
        .sign(key);
      return { token, expiresAt: new Date((now + seconds) * 1000) };
    },
    async open(token, slug) {
      const link = await check(token, key);
      if (link.dashboard !== slug) throw wrongDashboard();
      const tenant = await findTenantOfKey(pool, link.tenantId, link.keyId);
      if (!tenant || tenant.offboarding_at) throw invalidToken();
      requireFeature(tenant.features, 'dashboards');
      return { tenant, keyId: link.keyId, locked: link.params, expiresAt: link.expiresAt };
    },
  };
}

async function check(token: unknown, key: Uint8Array): Promise<Link & { expiresAt: Date }> {
  if (typeof token !== 'string' || !SHAPE.test(token)) throw invalidToken();
  const verified = await jwtVerify(token, key, { algorithms: [HEADER.alg], typ: HEADER.typ, audience: AUDIENCE }).catch(refuse);
  const [head, body] = [header.safeParse(verified.protectedHeader), claims.safeParse(verified.payload)];
  if (!head.success || !body.success) throw invalidToken();
  const { tenant, key: keyId, dashboard, params, exp } = body.data;
  return { tenantId: tenant, keyId, dashboard, params, expiresAt: new Date(exp * 1000) };
}

function refuse(error: unknown): never {
  if (error instanceof errors.JWTExpired) throw expiredToken();
  if (error instanceof errors.JOSEError) throw invalidToken();
  throw error;
}
