import type { Config } from '../lib/config.ts';
import type { Logger } from '../lib/log.ts';
import type { Pool } from '../sql/db.ts';
import type { Authenticator } from './auth.ts';
import type { Idempotency } from './idempotency.ts';
import type { Limits } from './limits.ts';
import type { RouteSpec } from './route.ts';

/** Everything that a request may need, made once in server.ts and passed in. */
export type Deps = {
  config: Config;
  log: Logger;
  /** Connections of mirante_api for everything but ingestion, which has its own. */
  pool: Pool;
  auth: Authenticator;
  limits: Limits;
  idempotency: Idempotency;
  /** Filled by route(), read by the OpenAPI document. */
  openapi: RouteSpec<unknown, unknown, unknown>[];
};
