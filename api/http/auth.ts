import type { IncomingMessage } from 'node:http';
import QuickLRU from 'quick-lru';
import type { Pool } from '../../sql/database/db.ts';
import { authenticate, hashKey, type Identity, type Scope } from '../../sql/tenants/tenants.ts';
import { unauthenticated, wrongScope } from './problems.ts';
import type { Seen } from './types.ts';

/** Longest time that another process accepts a key revoked here. Ingestion checks keys again when it stores. */
const REMEMBER_MS = 5_000;

export type Authenticator = {
  /**
   * Returns the identity of a request's key and notes it in `seen`. Throws 401 without a valid key, 403 without a needed scope.
   */
  identify: (request: IncomingMessage, scopes: readonly Scope[], seen: Seen) => Promise<Identity>;
  /** Removes a revoked key from the cache at once. */
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

  return {
    async identify(request, scopes, seen) {
      const key = keyOf(request.headers.authorization);
      if (!key) throw unauthenticated('Send `Authorization: Bearer <key>`.');
      const identity = await find(key);
      if (!identity)
        throw unauthenticated(
          'The key is unknown, expired or revoked. Use another key, or create one with POST /v1/tenants/{id}/keys.',
        );
      if (identity.expiresAt && identity.expiresAt.getTime() <= Date.now())
        throw unauthenticated('The key has expired. Create a new one with POST /v1/tenants/{id}/keys.');
      seen.identity = identity;
      if (!scopes.some((scope) => identity.scopes.includes(scope))) throw wrongScope(scopes);
      return identity;
    },
    forget(keyHash) {
      known.delete(nameOf(keyHash));
    },
  };
}

const nameOf = (keyHash: Buffer) => keyHash.toString('base64');

// Basic authentication carries the key as the password, so that a browser can open the operator's pages.
function keyOf(header: string | undefined): string | undefined {
  const [scheme, value] = (header ?? '').split(' ', 2);
  if (!value) return undefined;
  if (/^bearer$/i.test(scheme ?? '')) return value;
  if (/^basic$/i.test(scheme ?? '')) return Buffer.from(value, 'base64').toString('utf8').split(':').slice(1).join(':');
  return undefined;
}
