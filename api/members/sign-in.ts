import type { Request, Response } from 'express';
import { withTenant } from '../../sql/database/db.ts';
import { type CodeHolder, startSession } from '../../sql/members/sessions.ts';
import type { Deps } from '../http/deps.ts';
import { setSession } from '../http/session-cookie.ts';
import type { Seen } from '../http/types.ts';

/** Starts a session that acts through a key, and gives its cookie to the browser. It is recorded in the tenant's audit log. */
export async function signIn(
  { pool }: Pick<Deps, 'pool'>,
  request: Request,
  response: Response,
  { tenantId, keyId, isVisit }: CodeHolder,
): Promise<void> {
  const { address, requestId } = response.locals.seen as Seen;
  const from = { address, agent: request.get('user-agent') ?? '' };
  const session = await withTenant(pool, tenantId, (client) => startSession(client, keyId, from), {
    keyId,
    tenantId,
    address,
    requestId,
  });
  setSession(request, response, session, isVisit ? 'visit' : 'own');
}
