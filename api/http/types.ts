import type { Express, Request, Response } from 'express';
import type { ZodType } from 'zod';
import type { Actor } from '../../sql/database/db.ts';
import type { Identity, Scope } from '../../sql/tenants/tenants.ts';
import type { Described } from './operation.ts';

/** What is known of a request so far: its route's template and whose it is come later. */
export type Seen = {
  requestId: string;
  address: string | null;
  route?: string;
  page?: true;
  /** Of an answer that goes on until its reader leaves: the milliseconds until it began, by which it is measured. */
  began?: number;
  identity?: Identity;
  /** Who has no key, but a link that was made with one. */
  viewer?: Pick<Identity, 'tenantId' | 'keyId'>;
};

/** One call of the HTTP API: what is checked on the way in, and what the OpenAPI document says of it. */
export type RouteSpec<Params, Query, Body> = Described & {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Express template, e.g. `/v1/tenants/:id`. */
  path: string;
  summary: string;
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

/** A call of the API with its handler; absent where the call is served outside Express. */
export type RegisteredCall = { spec: RouteSpec<unknown, unknown, unknown>; handler?: Handler<unknown, unknown, unknown> };

/** The HTTP API while it is built: Express, and the calls registered so far, which the OpenAPI document lists. */
export type Api = { app: Express; calls: RegisteredCall[] };
