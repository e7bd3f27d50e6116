import type { Request, Response } from 'express';
import { type ZodType, z } from 'zod';
import { readInput } from '../../lib/input-faults.ts';
import type { Actor } from '../../sql/database/db.ts';
import { askFor } from '../../sql/database/fair-pool.ts';
import type { Identity } from '../../sql/tenants/tenants.ts';
import type { Deps } from './deps.ts';
import { jsonOf } from './json-text.ts';
import { type Fault, invalidRequest, pointerTo, unavailable, unsupportedMediaType } from './problems.ts';
import type { Api, Handler, Reply, RouteSpec, Seen } from './types.ts';

/**
 * Registers a call: key and scope, rate limit, input check, handler, answer. A handler that answers itself returns undefined.
 */
export function route<Params = unknown, Query = unknown, Body = unknown>(
  api: Api,
  deps: Deps,
  spec: RouteSpec<Params, Query, Body>,
  handler: Handler<Params, Query, Body>,
): void {
  api.calls.push({
    spec: spec as RouteSpec<unknown, unknown, unknown>,
    handler: handler as Handler<unknown, unknown, unknown>,
  });
  api.app[spec.method](spec.path, async (request: Request, response: Response) => {
    const seen = response.locals.seen as Seen;
    seen.route = spec.path;
    if (spec.page) seen.page = true;
    const isKeyed = spec.scopes.length > 0 && !(spec.viewers && request.query.token !== undefined);
    const identity = isKeyed ? await deps.auth.identify(request, spec.scopes, seen) : (undefined as never);
    if (identity) await deps.limits.request(identity, response);
    for (const input of [request.params, request.query, request.body]) refuseUnreadable(input);
    if (spec.body && request.body === undefined && request.headers['content-type']) {
      throw unsupportedMediaType(`Send the body as ${Object.keys(spec.bodyTypes ?? { 'application/json': 0 }).join(' or ')}.`);
    }
    const call = {
      identity,
      actor: identity && actorOf(identity, seen),
      ...readParts(spec, {
        params: request.params,
        query: spec.filters ? bareNames(spec.filters, request, response) : request.query,
        body: request.body,
      }),
      request,
      response,
    };
    const work = () =>
      spec.method === 'post' && identity && request.headers['idempotency-key'] !== undefined
        ? deps.idempotency.once(identity, request, JSON.stringify(request.body ?? null), async () => {
            const { status = spec.status, ...rest } = (await handler(call)) ?? {};
            return { status, ...rest };
          })
        : handler(call);
    // A change continues if its client disconnects; a repeated request then finds it done.
    const signal = spec.method === 'get' ? leaveOf(response) : undefined;
    const reply = await askFor({ tenantId: identity?.tenantId, signal }, work);
    if (!reply || response.destroyed) return;
    for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
    response.status(reply.status ?? spec.status);
    if (reply.body === undefined) response.end();
    else await sendJson(response, reply.body);
  });
}

/** Checks the parts of a request by the schemas of its call. Throws invalid-request with every fault. */
export function readParts<Params, Query, Body>(
  spec: RouteSpec<Params, Query, Body>,
  { params, query, body }: { params: unknown; query: unknown; body: unknown },
): { params: Params; query: Query; body: Body } {
  return {
    params: check(spec.params, params, { whole: 'The path', member: 'parameter' }),
    query: check(spec.query, query, {
      whole: 'The query',
      member: 'parameter',
      sentAs: (name) => (spec.filters?.includes(name) ? `filter[${name}]` : name),
    }),
    body: check(spec.body, body, { whole: 'The body' }),
  };
}

async function sendJson(response: Response, body: unknown): Promise<void> {
  const text = await jsonOf(body);
  if (!response.get('content-type')) response.type('json');
  response.send(text);
}

// Aborts if the client disconnects before it has the answer.
function leaveOf(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort(unavailable('The client closed the connection.'));
  });
  return gone.signal;
}

/** Who acts, for withTenant(). */
export const actorOf = ({ keyId, tenantId }: Identity, { address, requestId }: Seen): Actor => ({
  keyId,
  tenantId,
  address,
  requestId,
});

// 29 November 2026 in the format of RFC 9745.
const DEPRECATED_SINCE = '@1795910400';

// Returns the query with the names of the spec's schema: without `filter[…]`.
function bareNames(filters: readonly string[], { query }: Request, response: Response): Record<string, unknown> {
  const bare: Record<string, unknown> = { ...query };
  for (const name of filters) {
    const given = bare[`filter[${name}]`];
    if (bare[name] !== undefined) response.setHeader('Deprecation', DEPRECATED_SINCE);
    if (given === undefined) continue;
    if (bare[name] !== undefined) {
      const detail = `${name} is the old name of filter[${name}]. Send only one of them.`;
      throw invalidRequest([{ pointer: `/filter[${name}]`, code: 'repeated-parameter', detail }]);
    }
    delete bare[`filter[${name}]`];
    bare[name] = given;
  }
  return bare;
}

const MAX_DEPTH = 64;

// Refuses text that PostgreSQL cannot store (U+0000, lone surrogates), input nested too deeply to walk, and `__proto__`:
// copying an object drops that member, so it would be accepted without being read.
export function refuseUnreadable(input: unknown, at = '', depth = 0): void {
  if (typeof input === 'string' && (input.includes('\u0000') || !input.isWellFormed())) {
    const detail = 'The text contains U+0000 or an unpaired surrogate. Remove it.';
    throw invalidRequest([{ pointer: at.toWellFormed(), code: 'invalid-text', detail }]);
  }
  if (typeof input !== 'object' || input === null) return;
  if (depth > MAX_DEPTH) {
    throw invalidRequest([{ pointer: '', code: 'too-deep', detail: `The body is nested more than ${MAX_DEPTH} levels deep.` }]);
  }
  for (const [name, value] of Object.entries(input)) {
    refuseUnreadable(name, at);
    if (name === '__proto__') {
      const detail = '`__proto__` is not accepted as a name.';
      throw invalidRequest([{ pointer: `${at}/__proto__`, code: 'reserved-name', detail }]);
    }
    refuseUnreadable(value, at + pointerTo(name), depth + 1);
  }
}

function check<T>(schema: ZodType<T> | undefined, input: unknown, options: Parameters<typeof readInput>[2]): T {
  if (!schema) return undefined as T;
  const { data, faults } = readInput(schema, input, options);
  if (!faults) return data;
  throw invalidRequest(
    faults.map(({ path, code, detail }): Fault => ({ pointer: path.map(pointerTo).join(''), code, detail })),
  );
}

/** Query of every list: page size and the end of the previous page. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  // Longest cursor: a name of 200 characters that each take six bytes as JSON.
  cursor: z.string().max(1700).optional(),
});

/** Returns one page of a list, with a `Link` to the next page if there may be `more`. */
export function page<T>(request: Request, rows: T[], more: boolean, cursorOf: (row: T) => string): Reply {
  const last = rows.at(-1);
  const next = more && last ? cursorOf(last) : null;
  if (next === null) return { body: { data: rows, next_cursor: null } };
  const url = new URL(request.originalUrl, 'http://localhost');
  url.searchParams.set('cursor', next);
  return { body: { data: rows, next_cursor: next }, headers: { link: `<${url.pathname}${url.search}>; rel="next"` } };
}
