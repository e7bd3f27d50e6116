import type { Express, Request, Response } from 'express';
import type { ZodType } from 'zod';
import type { Actor } from '../../sql/database/db.ts';
import type { Identity, Scope } from '../../sql/tenants/tenants.ts';
import type { Described } from './operation.ts';

/** What is known of a request so far. The route's template and the identity are added later. */
export type Seen = {
  requestId: string;
  address: string | null;
  route?: string;
  page?: true;
  /** Of an answer that goes on until its reader leaves: the milliseconds until it began, by which it is measured. */
  began?: number;
  identity?: Identity;
  /** A viewer has no key, but a link that was made with one. */
  viewer?: Pick<Identity, 'tenantId' | 'keyId'>;
};

/** One call of the HTTP API: its input checks, and its entry in the OpenAPI document. */
export type RouteSpec<Params, Query, Body> = Described & {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Express template, e.g. `/v1/tenants/:id`. */
  path: string;
  summary: string;
  /** Any one of these scopes is enough; empty: no key needed. */
  scopes: readonly Scope[];
  /** Also accepts a viewer's token in the query. The handler checks it (dashboards/viewers.ts), and `identity` is absent. */
  viewers?: true;
  /** Answers with HTML, also for refusals. */
  page?: true;
  params?: ZodType<Params>;
  query?: ZodType<Query>;
  /** Query parameters sent as `filter[name]`; the bare name is deprecated. */
  filters?: readonly string[];
  body?: ZodType<Body>;
  /** Media types of the body if it is not plain JSON; for the document only. */
  bodyTypes?: Record<string, ZodType>;
  /** Other request headers and what each does; for the document only. */
  headers?: Record<string, string>;
  /** Status of success and the schema of its body; no schema: no body. */
  status: number;
  /** Other statuses with the same body. */
  otherStatuses?: number[];
  answer?: ZodType;
  /** Other media types of the answer, e.g. `text/csv`. */
  produces?: string[];
};

export type Call<Params, Query, Body> = {
  identity: Identity;
  /** For withTenant(), if the call makes a change. */
  actor: Actor;
  params: Params;
  query: Query;
  body: Body;
  request: Request;
  response: Response;
};

/**
 * Result of a handler: a body (or undefined), and headers or a status that differ from the spec.
 * `secrets` names the members of the body that are shown once: an Idempotency-Key replays them as null.
 */
export type Reply = { body?: unknown; status?: number; headers?: Record<string, string>; secrets?: string[] };

export type Handler<Params, Query, Body> = (call: Call<Params, Query, Body>) => Promise<Reply | undefined>;

/** A call of the API with its handler; absent where the call is served outside Express. */
export type RegisteredCall = { spec: RouteSpec<unknown, unknown, unknown>; handler?: Handler<unknown, unknown, unknown> };

/** The HTTP API while it is built: Express, and the calls registered so far, which the OpenAPI document lists. */
export type Api = { app: Express; calls: RegisteredCall[] };
