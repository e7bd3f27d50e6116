import { hkdfSync } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { type ZodType, z } from 'zod';
import { expiredToken, invalidToken } from './problems.ts';

export const LONGEST_SECONDS = 24 * 3600;

// The last of 43 characters holds four bits of the signature and two unused bits. Fixing those gives each token one spelling.
const SHAPE = /^[\w-]+\.[\w-]+\.[\w-]{42}[AEIMQUYcgkosw048]$/;

const times = z.strictObject({ iat: z.int(), exp: z.int() }).refine(({ iat, exp }) => exp - iat <= LONGEST_SECONDS);

/** One kind of token. `typ`, `audience` and a key derived from `purpose` prevent its use as another kind. */
export type TokenKind<Claims> = { typ: string; audience: string; purpose: string; claims: ZodType<Claims> };

export type Tokens<Claims> = {
  sign: (claims: Claims, seconds: number) => Promise<{ token: string; expiresAt: Date }>;
  /** Returns the claims. Throws 401 if the token is of another kind, was changed, or has expired. */
  check: (token: unknown) => Promise<Claims & { expiresAt: Date }>;
};

/** Returns the key of one kind of token: HKDF-SHA-256 of the platform's secret (RFC 5869), so no other use shares it. */
export function tokenKey(secret: string, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', purpose, 32));
}

/** Signs and checks tokens that are not stored (JWT, HS256). Signatures are compared in constant time. */
export function createTokens<Claims extends Record<string, unknown>>(secret: string, kind: TokenKind<Claims>): Tokens<Claims> {
  const { typ, audience } = kind;
  const key = tokenKey(secret, kind.purpose);
  const header = z.strictObject({ alg: z.literal('HS256'), typ: z.literal(typ) });

  return {
    async sign(claims, seconds) {
      const now = Math.floor(Date.now() / 1000);
      const token = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256', typ })
        .setAudience(audience)
        .setIssuedAt(now)
        .setExpirationTime(now + seconds)
        .sign(key);
      return { token, expiresAt: new Date((now + seconds) * 1000) };
    },
    async check(token) {
      if (typeof token !== 'string' || !SHAPE.test(token)) throw invalidToken();
      const verified = await jwtVerify(token, key, { algorithms: ['HS256'], typ, audience }).catch(refuse);
      // The library accepts a token with several audiences. These tokens have exactly one.
      const { aud, iat, exp, ...rest } = verified.payload;
      if (aud !== audience) throw invalidToken();
      const claims = kind.claims.safeParse(rest);
      const limits = times.safeParse({ iat, exp });
      if (!header.safeParse(verified.protectedHeader).success || !claims.success || !limits.success) throw invalidToken();
      return { ...claims.data, expiresAt: new Date(limits.data.exp * 1000) };
    },
  };
}

function refuse(error: unknown): never {
  if (error instanceof errors.JWTExpired) throw expiredToken();
  if (error instanceof errors.JOSEError) throw invalidToken();
  throw error;
}
