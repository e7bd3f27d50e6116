import type { IncomingMessage } from 'node:http';
import QuickLRU from 'quick-lru';
import type { Pool } from '../../sql/database/db.ts';
import { findSession, type SessionIdentity } from '../../sql/members/sessions.ts';
import { authenticate, hashKey, type Identity, type Scope } from '../../sql/tenants/tenants.ts';
import { unauthenticated, wrongScope } from './problems.ts';
import { refuseCrossSite, sessionTokens } from './session-cookie.ts';
import type { Seen } from './types.ts';

/** Longest time that another process accepts a key revoked here. Ingestion checks keys again when it stores. */
const REMEMBER_MS = 5_000;

export type Authenticator = {
  /**
   * The identity behind the request's key, or else behind its session, also noted in `seen`. Throws 401 without either, 403 where it has none
   * of the scopes or where another site sent the request.
   */
  identify: (request: IncomingMessage, scopes: readonly Scope[], seen: Seen) => Promise<Identity>;
  /** The session of the request's cookie, also noted in `seen`; undefined where there is none. Throws 403 where another site sent the request. */
  session: (request: IncomingMessage, seen: Seen) => Promise<SessionIdentity | undefined>;
  /** Who holds a key; undefined where it is unknown, revoked or expired. */
  holderOf: (key: string) => Promise<Identity | undefined>;
  /** Forgets a session at once, after its end. */
  forgetSession: (tokenHash: Buffer) => void;
  /** Forgets a key at once, after its revocation. */
  forget: (keyHash: Buffer) => void;
};

/**
 * Looks up tenants by key and caches each answer (also "unknown") for a few seconds.
 * A key is hashed before it is looked up, here and in the database; the key itself is never compared. The time of a comparison
 * of hashes may reveal how far they agree. That reveals nothing about the key: nobody can steer a SHA-256 towards a hash.
 */
export function createAuthenticator(pool: Pool): Authenticator {
  const known = new QuickLRU<string, Promise<Identity | undefined>>({ maxSize: 10_000, maxAge: REMEMBER_MS });

  function find(key: string): Promise<Identity | undefined> {
    const hash = hashKey(key);
    const name = nameOf(hash);
    let found = known.get(name);
    if (!found) {
      found = authenticate(pool, hash);
      found.catch(() => known.delete(name));
      known.set(name, found);
    }
    return found;
  }

  const sessions = new QuickLRU<string, Promise<SessionIdentity | undefined>>({ maxSize: 10_000, maxAge: REMEMBER_MS });

  // A visit that has ended leaves the browser with its own session.
  async function findByCookie(request: IncomingMessage): Promise<SessionIdentity | undefined> {
    const tokens = sessionTokens(request);
    if (tokens.length > 0) refuseCrossSite(request);
    for (const token of tokens) {
      const name = nameOf(hashKey(token));
      let found = sessions.get(name);
      if (!found) {
        found = findSession(pool, token);
        found.catch(() => sessions.delete(name));
        sessions.set(name, found);
      }
      const session = await found;
      if (session && !isOver(session.session.expiresAt)) return session;
    }
    return undefined;
  }

  async function holderOf(key: string): Promise<Identity | undefined> {
    const identity = await find(key);
    return identity?.expiresAt && isOver(identity.expiresAt) ? undefined : identity;
  }

  return {
    async identify(request, scopes, seen) {
      const key = keyOf(request.headers.authorization);
      const identity = key === undefined ? await findByCookie(request) : await find(key);
      if (!identity)
        throw unauthenticated(
          key === undefined
            ? 'Send `Authorization: Bearer <key>`.'
            : 'The key is unknown, expired or revoked. Use another key, or create one with POST /v1/tenants/{id}/keys.',
        );
      if (identity.expiresAt && isOver(identity.expiresAt))
        throw unauthenticated('The key has expired. Create a new one with POST /v1/tenants/{id}/keys.');
      seen.identity = identity;
      if (!scopes.some((scope) => identity.scopes.includes(scope))) throw wrongScope(scopes);
      return identity;
    },
    async session(request, seen) {
      const session = await findByCookie(request);
      if (session) seen.identity = session;
      return session;
    },
    holderOf,
    forget(keyHash) {
      known.delete(nameOf(keyHash));
    },
    forgetSession(tokenHash) {
      sessions.delete(nameOf(tokenHash));
    },
  };
}

const isOver = (at: Date) => at.getTime() <= Date.now();

const nameOf = (keyHash: Buffer) => keyHash.toString('base64');

// Basic authentication carries the key as the password, so that a browser can open the operator's pages, or as the user without a
// password, for machines that can do no better.
function keyOf(header: string | undefined): string | undefined {
  const [scheme, value] = (header ?? '').split(' ', 2);
  if (!value) return undefined;
  if (/^bearer$/i.test(scheme ?? '')) return value;
  if (/^basic$/i.test(scheme ?? '')) {
    const [user, ...password] = Buffer.from(value, 'base64').toString('utf8').split(':');
    return password.join(':') || user;
  }
  return undefined;
}
