import pg from 'pg';
import { isUuid } from '../../lib/uuid.ts';

export type Pool = pg.Pool;
export type Client = pg.ClientBase;

// Counts and sums are bigint and numeric in PostgreSQL. Every number that Mirante returns is well under 2^53.
const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, Number);
types.setTypeParser(pg.types.builtins.NUMERIC, Number);

export type PoolOptions = {
  max: number;
  name: string;
  statementTimeoutMs?: number;
  /** Longest wait for a connection, free or new. */
  connectTimeoutMs?: number;
  role?: string;
  /** Each statement uses one processor at most. */
  isSerial?: boolean;
};

/** How much longer than the server's own timeout a client waits: a frozen server cancels nothing. */
const MARGIN_MS = 1_000;

/** A pool of connections to one login. It ignores errors of idle connections, which the pool replaces. */
export function createPool(url: string, options: PoolOptions): Pool {
  const pool = new pg.Pool(poolSettings(url, options));
  pool.on('error', () => undefined);
  return pool;
}

/** Settings that all pools of Mirante share. */
export function poolSettings(url: string, options: PoolOptions): pg.PoolConfig {
  const settings = ['-c timezone=UTC', '-c jit=off', '-c random_page_cost=1.1'];
  if (options.isSerial) settings.push('-c max_parallel_workers_per_gather=0');
  if (options.role) settings.push(`-c role=${options.role}`);
  const statementTimeoutMs = options.statementTimeoutMs ?? 30_000;
  return {
    connectionString: url,
    max: options.max,
    application_name: options.name,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + MARGIN_MS,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options: settings.join(' '),
    types,
  };
}

/**
 * Runs `work` on one connection of the pool. A checked-out connection has no other listener, and an unhandled 'error' event would
 * end the process. A broken connection is not returned to the pool. When `lost` aborts, the connection is closed, even while a
 * statement runs.
 */
export async function withClient<T>(pool: Pool, work: (client: Client) => Promise<T>, lost?: AbortSignal): Promise<T> {
  lost?.throwIfAborted();
  const client = await pool.connect();
  let broken: Error | undefined;
  const onLost = () => {
    broken = lost?.reason;
    void client.end();
  };
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  lost?.addEventListener('abort', onLost);
  try {
    return await work(client);
  } catch (error) {
    lost?.throwIfAborted();
    // Closing the connection rolls back what was left half done.
    if (isDatabaseAway(error)) broken ??= error as Error;
    throw error;
  } finally {
    client.removeListener('error', onError);
    lost?.removeEventListener('abort', onLost);
    client.release(broken);
  }
}

/** Who acts, as recorded in the audit log: the key of a request and where the request came from. */
export type Actor = { keyId: string; tenantId: string; address: string | null; requestId: string };

/**
 * Runs `work` in one transaction as one tenant: the only begin, commit and set_config. It is read only unless there is an actor,
 * under which its changes are recorded. A command or job has no request: it passes 'login', and changes are recorded under the
 * login. Tenant and actor apply to this transaction only, so a pooled connection never carries them to the next request.
 */
export async function withTenant<T>(
  pool: Pool,
  tenantId: string,
  work: (client: Client) => Promise<T>,
  actor?: Actor | 'login',
): Promise<T> {
  if (!isUuid(tenantId)) throw new Error('A tenant id must be a UUID.');
  const mode = actor === undefined ? 'read only' : 'read write';
  const acting = actor === undefined || actor === 'login' ? '' : `, set_config('app.actor', ${quoted(actor)}, true)`;
  return withTransaction(pool, `begin ${mode}; select set_config('app.tenant_id', '${tenantId}', true)${acting}`, work);
}

/** Runs `work` in one transaction: commits if it resolves, rolls back if it throws. `begin` is the opening statement. */
export async function withTransaction<T>(pool: Pool, begin: string, work: (client: Client) => Promise<T>): Promise<T> {
  return withClient(pool, (client) => inTransaction(client, begin, () => work(client)));
}

/** The same on a given connection that is not in a transaction. */
export async function inTransaction<T>(client: Client, begin: string, work: () => Promise<T>): Promise<T> {
  await client.query(begin);
  try {
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    if (!isDatabaseAway(error)) await client.query('rollback');
    throw error;
  }
}

function quoted({ keyId, tenantId, address, requestId }: Actor): string {
  return pg.escapeLiteral(JSON.stringify({ key_id: keyId, tenant_id: tenantId, address, request_id: requestId }));
}

/** True if the database is unreachable or did not answer in time; false if it rejected a statement. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: string }).code ?? '';
  return (
    /^(08|57014|57P0|53|25006)/.test(code) ||
    /^E(CONNREFUSED|CONNRESET|PIPE|TIMEDOUT|NOTFOUND|HOSTUNREACH|AI_AGAIN)/.test(code) ||
    /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed)/.test(
      error.message,
    )
  );
}
