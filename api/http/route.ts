import type { Express, Request, Response } from 'express';
import { type ZodType, z } from 'zod';
import type { Actor } from '../../sql/database/db.ts';
import { askFor } from '../../sql/database/fair-pool.ts';
import type { Identity, Scope } from '../../sql/tenants/tenants.ts';
import type { Deps } from './deps.ts';
import { jsonOf } from './json-text.ts';
import type { Seen } from './observe.ts';
import type { Described } from './operation.ts';
import { type Fault, invalidRequest, pointerTo, unavailable, unsupportedMediaType } from './problems.ts';

/** One call of the HTTP API: what is checked on the way in, and what the OpenAPI document says of it. */
export type RouteSpec<Params, Query, Body> = Described & {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Express template, e.g. `/v1/tenants/:id`. */
  path: string;
  /** Any one of these opens the call; empty: no key needed. */
  scopes: readonly Scope[];
  /** Also opened by a viewer's token in the query; the handler has it checked (see routes/dashboards.ts), and `identity` is absent. */
  viewers?: true;
  /** Answered with HTML, refusals too. */
  page?: true;
  params?: ZodType<Params>;
  query?: ZodType<Query>;
  /** Parameters of the query that are sent as `filter[name]`; the bare name is the deprecated spelling of the same. */
  filters?: readonly string[];
  body?: ZodType<Body>;
  /** Media types of the body where it is not simply JSON; for the document only. */
  bodyTypes?: Record<string, ZodType>;
  /** Further headers that the request may bring, each with what it does; for the document only. */
  headers?: Record<string, string>;
  /** Status of success and the schema of its body; no schema: no body. */
  status: number;
  /** Statuses that come with the same body. */
  otherStatuses?: number[];
  answer?: ZodType;
  /** Further media types of the answer, e.g. `text/csv`. */
  produces?: string[];
};

export type Call<Params, Query, Body> = {
  identity: Identity;
  /** For withTenant(), where the call changes something. */
  actor: Actor;
  params: Params;
  query: Query;
  body: Body;
  request: Request;
  response: Response;
};

/**
 * What a handler gives: a body (or undefined), and headers or another status where they differ from the spec.
 * `secrets` names the members of the body that are shown once: an Idempotency-Key replays them as null.
 */
export type Reply = { body?: unknown; status?: number; headers?: Record<string, string>; secrets?: string[] };

export type Handler<Params, Query, Body> = (call: Call<Params, Query, Body>) => Promise<Reply | undefined>;

/** Registers a call: key and scope, rate limit, input check, handler, answer. A handler that has answered itself gives undefined. */
export function route<Params = unknown, Query = unknown, Body = unknown>(
  app: Express,
  deps: Deps,
  spec: RouteSpec<Params, Query, Body>,
  handler: Handler<Params, Query, Body>,
): void {
  deps.openapi.push(spec as RouteSpec<unknown, unknown, unknown>);
  app[spec.method](spec.path, async (request: Request, response: Response) => {
    const seen = response.locals.seen as Seen;
    seen.route = spec.path;
    if (spec.page) seen.page = true;
    const isKeyed = spec.scopes.length > 0 && !(spec.viewers && request.query.token !== undefined);
    const identity = isKeyed ? await deps.auth.identify(request, spec.scopes, seen) : (undefined as never);
    if (identity) await deps.limits.request(identity, response);
    for (const input of [request.params, request.query, request.body]) refuseUnreadable(input);
    if (spec.body && request.body === undefined && request.headers['content-type']) {
      throw unsupportedMediaType('This call reads application/json.');
    }
    const call = {
      identity,
      actor: identity && actorOf(identity, seen),
      params: check(spec.params, request.params),
      query: check(spec.query, spec.filters ? bareNames(spec.filters, request, response) : request.query),
      body: check(spec.body, request.body),
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
    // What changes something goes on without its client, whose repetition then finds it done.
    const signal = spec.method === 'get' ? leaveOf(response) : undefined;
    const reply = await askFor({ tenantId: identity?.tenantId, signal }, work);
    if (!reply || response.destroyed) return;
    for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
    response.status(reply.status ?? spec.status);
    if (reply.body === undefined) response.end();
    else await sendJson(response, reply.body);
  });
}

async function sendJson(response: Response, body: unknown): Promise<void> {
  const text = await jsonOf(body);
  if (!response.get('content-type')) response.type('json');
  response.send(text);
}

// Aborts when the client leaves before it has its answer.
function leaveOf(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort(unavailable('The client has left.'));
  });
  return gone.signal;
}

const actorOf = ({ keyId, tenantId }: Identity, { address, requestId }: Seen): Actor => ({
  keyId,
  tenantId,
  address,
  requestId,
});

// 29 November 2026, as RFC 9745 writes it.
const DEPRECATED_SINCE = '@1795910400';

// The query as the spec's schema names it: without `filter[…]`.
function bareNames(filters: readonly string[], { query }: Request, response: Response): Record<string, unknown> {
  const bare: Record<string, unknown> = { ...query };
  for (const name of filters) {
    const given = bare[`filter[${name}]`];
    if (bare[name] !== undefined) response.setHeader('Deprecation', DEPRECATED_SINCE);
    if (given === undefined) continue;
    if (bare[name] !== undefined) {
      const detail = `${name} is the old spelling of filter[${name}]: send one of them.`;
      throw invalidRequest([{ pointer: `/filter[${name}]`, code: 'repeated-parameter', detail }]);
    }
    delete bare[`filter[${name}]`];
    bare[name] = given;
  }
  return bare;
}

const MAX_DEPTH = 64;

// PostgreSQL can hold neither in a text, what is nested without end cannot be walked, and a member `__proto__` is lost wherever an
// object is built from others, so that it would be accepted without being read.
function refuseUnreadable(input: unknown, at = '', depth = 0): void {
  if (typeof input === 'string' && (input.includes('\u0000') || !input.isWellFormed())) {
    const detail = 'A text cannot hold U+0000 or half of a surrogate pair.';
    throw invalidRequest([{ pointer: at.toWellFormed(), code: 'invalid-text', detail }]);
  }
  if (typeof input !== 'object' || input === null) return;
  if (depth > MAX_DEPTH) {
    throw invalidRequest([{ pointer: '', code: 'too-deep', detail: `A body may be nested ${MAX_DEPTH} levels deep.` }]);
  }
  for (const [name, value] of Object.entries(input)) {
    refuseUnreadable(name, at);
    if (name === '__proto__') {
      const detail = 'No member and no parameter is called `__proto__`.';
      throw invalidRequest([{ pointer: `${at}/__proto__`, code: 'reserved-name', detail }]);
    }
    refuseUnreadable(value, at + pointerTo(name), depth + 1);
  }
}

function check<T>(schema: ZodType<T> | undefined, input: unknown): T {
  if (!schema) return undefined as T;
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw invalidRequest(
    result.error.issues.map(
      (issue): Fault => ({
        pointer: issue.path.map(pointerTo).join(''),
        code: issue.code === 'custom' && issue.params?.code ? String(issue.params.code) : issue.code.replaceAll('_', '-'),
        detail: issue.message,
      }),
    ),
  );
}

/** Query of every list: page size and where the last page ended. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  // Of a name of 200 characters that take six bytes each as JSON.
  cursor: z.string().max(1700).optional(),
});

/** One page of a list, with its `Link` to the next where there may be `more`. */
export function page<T>(request: Request, rows: T[], more: boolean, cursorOf: (row: T) => string): Reply {
  const last = rows.at(-1);
  const next = more && last ? cursorOf(last) : null;
  if (next === null) return { body: { data: rows, next_cursor: null } };
  const url = new URL(request.originalUrl, 'http://localhost');
  url.searchParams.set('cursor', next);
  return { body: { data: rows, next_cursor: next }, headers: { link: `<${url.pathname}${url.search}>; rel="next"` } };
}
