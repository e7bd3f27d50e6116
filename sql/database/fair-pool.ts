import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';
import { type Pool, type PoolOptions, poolSettings } from './db.ts';

/** On whose behalf statements run. */
export type Asker = {
  /** Absent while unknown: such statements take no turns. */
  tenantId?: string | undefined;
  /** Aborted when nobody waits for the answer any more. The statement is then cancelled. */
  signal?: AbortSignal | undefined;
  /** The statement is known to be slow. */
  isSlow?: boolean | undefined;
};

/** An asker that takes turns. */
export type TenantAsker = Asker & { tenantId: string };

/** Decides who may use a connection next. */
export type Turns = {
  /** Waits for the asker's turn and returns a function that ends it. Throws if the wait is too long or the asker leaves. */
  take: (asker: TenantAsker) => Promise<() => void>;
};

const askers = new AsyncLocalStorage<Asker | undefined>();

/**
 * Runs `work` with `asker` as the asker of its statements on fair pools. With undefined they are the platform's own and take no
 * turns.
 */
export function askFor<T>(asker: Asker | undefined, work: () => T): T {
  return askers.run(asker, work);
}

/** On whose behalf the current call runs. */
export const currentAsker = (): Asker | undefined => askers.getStore();

/** One more connection than tenants may use: for cancelling, and for the platform's own short statements. */
const RESERVED = 1;

/** Returns a pool whose connections tenants take in turns. A statement is cancelled once nobody waits for it. */
export function createFairPool(url: string, options: PoolOptions, turns: Turns): Pool {
  const pool = new FairPool(poolSettings(url, { ...options, max: options.max + RESERVED, isSerial: true }), turns);
  pool.on('error', () => undefined);
  return pool;
}

type OnConnected = Parameters<pg.Pool['connect']>[0];

// Every statement of a pool starts with connect(), so none bypasses the turns.
class FairPool extends pg.Pool {
  readonly #turns: Turns;

  constructor(settings: pg.PoolConfig, turns: Turns) {
    super(settings);
    this.#turns = turns;
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(done: OnConnected): void;
  override connect(done?: OnConnected): Promise<pg.PoolClient> | undefined {
    const asker = currentAsker();
    const client = hasTenant(asker) ? this.#inTurn(asker) : super.connect();
    if (!done) return client;
    client.then(
      (connected) => done(undefined, connected, connected.release),
      (error: Error) => done(error, undefined, () => undefined),
    );
    return undefined;
  }

  async #inTurn(asker: TenantAsker): Promise<pg.PoolClient> {
    const end = await this.#turns.take(asker);
    try {
      const client = await super.connect();
      lend(this, client, asker.signal, end);
      return client;
    } catch (error) {
      end();
      throw error;
    }
  }
}

const hasTenant = (asker: Asker | undefined): asker is TenantAsker => asker?.tenantId !== undefined;

// The turn lasts until the statement has ended, even a cancelled one. Otherwise a client could leave early to get many turns at
// once.
function lend(pool: Pool, client: pg.PoolClient, signal: AbortSignal | undefined, end: () => void): void {
  const { release } = client;
  let stop = () => {};
  const leave = () => {
    stop = cancelUntilStopped(pool, client);
  };
  if (signal?.aborted) leave();
  else signal?.addEventListener('abort', leave, { once: true });
  client.release = (error) => {
    signal?.removeEventListener('abort', leave);
    stop();
    // A late cancellation must not hit another client's statement.
    release(error ?? signal?.aborted);
    end();
  };
}

const CANCEL_EVERY_MS = 250;
const MAX_CANCELS = 8;

// It cancels more than once, because the first cancel may arrive between two statements. If the server does not react, the
// connection is closed.
function cancelUntilStopped(pool: Pool, client: pg.PoolClient): () => void {
  const { processID } = client as pg.PoolClient & { processID: number };
  let cancels = 0;
  let underWay = false;
  const cancel = () => {
    if (++cancels > MAX_CANCELS) {
      clearInterval(timer);
      void (client as pg.PoolClient & { end: () => Promise<void> }).end();
    } else if (!underWay) {
      underWay = true;
      askFor(undefined, () => cancelStatement(pool, processID))
        .catch(() => undefined)
        .finally(() => {
          underWay = false;
        });
    }
  };
  const timer = setInterval(cancel, CANCEL_EVERY_MS);
  cancel();
  return () => clearInterval(timer);
}

/** Cancels the current statement of another connection of the same login. */
export async function cancelStatement(pool: Pool, backend: number): Promise<void> {
  await pool.query('select pg_cancel_backend($1)', [backend]);
}
