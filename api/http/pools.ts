import type { Config } from '../../lib/config.ts';
import { createPool, type Pool } from '../../sql/database/db.ts';
import { createFairPool } from '../../sql/database/fair-pool.ts';
import { createTurns } from './turns.ts';

/** Longest wait for a turn to read; a statement itself may take 30 s. */
const READ_WAIT_MS = 10_000;
/** Longest wait for an intake connection. With the limits of BRIEF, ingestion answers within five seconds in any case. */
const INTAKE_WAIT_MS = 500;
const BRIEF = { statementTimeoutMs: 2_000, connectTimeoutMs: 1_000 };
/** For /readyz, which answers within a second. */
const INSTANT = { statementTimeoutMs: 1_000, connectTimeoutMs: 1_000 };
const STORE_TIMEOUT_MS = 10_000;
const INTAKE_CONNECTIONS = 4;
const KEY_CONNECTIONS = 2;
const HEALTH_CONNECTIONS = 2;

/** The URL of each login that the API uses. */
export type DatabaseUrls = { api: string; metabase: string; ops: string };

/**
 * Creates all connection pools of one API process. Reads by tenants share one set of turns, whatever login they use. Ingestion,
 * keys and /readyz have their own connections, so that they never wait behind reads.
 */
export function createPools(config: Config, urls: DatabaseUrls) {
  const most = config.READ_CONNECTIONS;
  const reads = createTurns({ most, waitMs: READ_WAIT_MS });
  const intakes = createTurns({ most: INTAKE_CONNECTIONS, waitMs: INTAKE_WAIT_MS });
  return {
    pool: createFairPool(urls.api, { max: most, name: 'mirante api' }, reads),
    metabase: createFairPool(urls.metabase, { max: most, name: 'mirante cards' }, reads),
    ops: createFairPool(urls.ops, { max: most, name: 'mirante operations' }, reads),
    intake: createFairPool(urls.api, { max: INTAKE_CONNECTIONS, name: 'mirante intake', ...BRIEF }, intakes),
    keys: createPool(urls.api, { max: KEY_CONNECTIONS, name: 'mirante keys', ...BRIEF }),
    ingest: createPool(urls.api, {
      max: config.INGEST_CONNECTIONS,
      name: 'mirante ingest',
      statementTimeoutMs: STORE_TIMEOUT_MS,
    }),
    health: createPool(urls.api, { max: HEALTH_CONNECTIONS, name: 'mirante health', ...INSTANT }),
    exports: createPool(urls.api, {
      max: config.EXPORT_CONNECTIONS,
      name: 'mirante exports',
      statementTimeoutMs: config.EXPORT_MINUTES * 60_000,
    }),
  } satisfies Record<string, Pool>;
}
