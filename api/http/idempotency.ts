import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { v7 as uuidv7 } from 'uuid';
import type { Pool } from '../../sql/database/db.ts';
import { claimIdempotencyKey, type StoredAnswer, settleIdempotencyKey } from '../../sql/http/idempotency.ts';
import type { Identity } from '../../sql/tenants/tenants.ts';
import { conflict, invalidRequest, Problem, unprocessable } from './problems.ts';
import type { Reply } from './types.ts';

export type Idempotency = {
  /**
   * Runs `work` once per Idempotency-Key of a tenant; a repeated request gets the first answer. `work` receives the time of the
   * first use of the key, so that values derived from it stay the same if a crash makes it run again.
   * Throws 422 if the body differs, 409 while the first request is still running.
   */
  once: (
    identity: Identity,
    request: IncomingMessage,
    body: Buffer | string,
    work: (first: Date) => Promise<Reply>,
  ) => Promise<Reply>;
};

export function createIdempotency(pool: Pool): Idempotency {
  return {
    async once(identity, request, body, work) {
      const key = String(request.headers['idempotency-key']);
      if (key.length > 255) {
        throw invalidRequest([
          { pointer: '', code: 'invalid-idempotency-key', detail: 'The Idempotency-Key is longer than 255 characters.' },
        ]);
      }
      const hash = createHash('sha256').update(`${request.method} ${request.url}\n`).update(body).digest();
      const claim = uuidv7();
      const held = await claimIdempotencyKey(pool, identity.tenantId, key, hash, claim);
      if (held.outcome === 'mismatch')
        throw unprocessable('idempotency-mismatch', 'The Idempotency-Key was already used for a different request');
      if (held.outcome === 'running')
        throw conflict('idempotency-running', 'The first request with this Idempotency-Key is still running');
      if (held.outcome === 'answered') return held.answer;
      try {
        const reply = await work(held.first_at);
        await settleIdempotencyKey(pool, identity.tenantId, key, claim, forgettingSecrets(reply), false);
        return reply;
      } catch (error) {
        // A refused request has changed nothing. After any other failure a commit may have succeeded unnoticed.
        const refused = error instanceof Problem && error.status < 500;
        const settled = settleIdempotencyKey(pool, identity.tenantId, key, claim, null, refused);
        // A database that has just failed must not delay the answer; an unsettled claim expires by itself.
        if (refused) await settled;
        else settled.catch(() => undefined);
        throw error;
      }
    },
  };
}

function forgettingSecrets(reply: Reply): StoredAnswer {
  const { status = 200, headers = {}, body, secrets = [] } = reply;
  if (secrets.length === 0) return { status, headers, body };
  const kept = Object.entries(body as Record<string, unknown>).map(([name, value]) => [
    name,
    secrets.includes(name) ? null : value,
  ]);
  return { status, headers, body: { ...Object.fromEntries(kept), code: 'secret-already-shown' } };
}
