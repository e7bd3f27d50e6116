import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  discovery,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import { z } from 'zod';
import { type Config, secretOf } from '../../lib/config.ts';
import { createTokens } from '../http/tokens.ts';

/** A sign-in that has begun must end within this time. */
export const FLOW_SECONDS = 600;

const SCOPE = 'openid email';
/** A provider on this machine, such as that of a test, may be without TLS. */
const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(\/|$)/;

const flow = z.strictObject({
  verifier: z.string(),
  state: z.string(),
  nonce: z.string(),
  next: z.string(),
  tenant: z.string().nullable(),
});

/** What a browser is asked to keep while it is at the provider. */
type Flow = z.infer<typeof flow>;

export type Provider = {
  /** Where the browser is sent to, and what its cookie holds meanwhile. */
  begin: (back: string, wanted: Pick<Flow, 'next' | 'tenant'>) => Promise<{ url: string; cookie: string }>;
  /** What the cookie of a browser that comes back holds; undefined where it is none of ours, or too old. */
  open: (cookie: string | undefined) => Promise<Flow | undefined>;
  /** The address that the provider has verified; undefined where it has verified none. Throws where its answer is not what was asked for. */
  finish: (returned: URL, begun: Flow) => Promise<string | undefined>;
};

/** The OpenID Connect provider with which members sign in; undefined where none is configured. Its metadata is read at the first sign-in. */
export function createProvider(config: Config): Provider | undefined {
  const { OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET } = config;
  if (!OIDC_ISSUER || !OIDC_CLIENT_ID || !OIDC_CLIENT_SECRET) return undefined;
  const kind = { typ: 'login+jwt', audience: 'mirante-login', purpose: 'mirante provider sign-in', claims: flow };
  const tokens = createTokens<Flow>(secretOf(config), kind);
  let known: Promise<Configuration> | undefined;

  function metadata(issuer: string, id: string, secret: string): Promise<Configuration> {
    const options = LOOPBACK.test(issuer) ? { execute: [allowInsecureRequests] } : {};
    known ??= discovery(new URL(issuer), id, secret, undefined, options).catch((error) => {
      known = undefined;
      throw error;
    });
    return known;
  }
  const read = () => metadata(OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET);

  return {
    async begin(back, wanted) {
      const begun: Flow = { verifier: randomPKCECodeVerifier(), state: randomState(), nonce: randomNonce(), ...wanted };
      const url = buildAuthorizationUrl(await read(), {
        redirect_uri: back,
        scope: SCOPE,
        state: begun.state,
        nonce: begun.nonce,
        code_challenge: await calculatePKCECodeChallenge(begun.verifier),
        code_challenge_method: 'S256',
      });
      return { url: url.href, cookie: (await tokens.sign(begun, FLOW_SECONDS)).token };
    },
    async open(cookie) {
      const held = await tokens.check(cookie).catch(() => undefined);
      if (!held) return undefined;
      const { expiresAt: _, ...begun } = held;
      return begun;
    },
    async finish(returned, { verifier, state, nonce }) {
      const settings = await read();
      const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
      const answer = await authorizationCodeGrant(settings, returned, checks);
      const claims = answer.claims();
      if (!claims) return undefined;
      // Many providers have the address in their answer about the person alone.
      const { email, email_verified } =
        claims.email === undefined ? await fetchUserInfo(settings, answer.access_token, claims.sub) : claims;
      return typeof email === 'string' && email_verified === true ? email.toLowerCase() : undefined;
    },
  };
}
