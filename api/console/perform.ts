import type { Request, Response } from 'express';
import type { SessionIdentity } from '../../sql/members/sessions.ts';
import type { Deps } from '../http/deps.ts';
import { wrongScope } from '../http/problems.ts';
import { actorOf, readParts, refuseUnreadable } from '../http/route.ts';
import type { Api, Reply, Seen } from '../http/types.ts';

/** What a call is given: the parts of a request that its schemas check. */
export type CallInput = { params?: object; query?: object; body?: unknown };

/** Runs a call of the API for the person who is signed in. Returns its answer; throws what the call throws. */
export type Perform = <Body = Record<string, unknown>>(
  operationId: string,
  input?: CallInput,
) => Promise<Omit<Reply, 'body'> & { body: Body }>;

/**
 * Runs calls of the API inside the process, with the scopes of a session: a page does what a program can do, with the same checks. The
 * form's `_once` makes a call idempotent, so that a form that is sent twice acts once.
 */
export function createPerform(
  api: Api,
  deps: Pick<Deps, 'idempotency'>,
  identity: SessionIdentity,
  request: Request,
  response: Response,
): Perform {
  return async <Body>(operationId: string, { params = {}, query = {}, body }: CallInput = {}) => {
    const call = api.calls.find(({ spec }) => spec.operationId === operationId);
    if (!call?.handler) throw new Error(`The API has no call ${operationId}.`);
    const { spec, handler } = call;
    // Calls about one's own session need none.
    if (spec.scopes.length > 0 && !spec.scopes.some((scope) => identity.scopes.includes(scope))) throw wrongScope(spec.scopes);
    for (const part of [params, query, body]) refuseUnreadable(part);
    const parts = readParts(spec, { params, query, body });
    const actor = actorOf(identity, response.locals.seen as Seen);
    const work = async () => (await handler({ identity, actor, ...parts, request, response })) ?? {};
    const once = spec.method === 'post' ? onceOf(request) : undefined;
    const reply = once
      ? await deps.idempotency.once(
          identity,
          withKey(request, `${once} ${operationId}`),
          JSON.stringify([operationId, params, body]),
          work,
        )
      : await work();
    return reply as Reply & { body: Body };
  };
}

const onceOf = ({ body }: Request): string | undefined =>
  typeof body?._once === 'string' && /^[\w-]{16,64}$/.test(body._once) ? body._once : undefined;

function withKey(request: Request, key: string): Request {
  request.headers['idempotency-key'] = key;
  return request;
}
