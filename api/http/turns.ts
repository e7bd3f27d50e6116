import { availableParallelism } from 'node:os';
import QuickLRU from 'quick-lru';
import type { TenantAsker, Turns } from '../../sql/database/fair-pool.ts';
import { tooManyRequests, unavailable } from './problems.ts';

/** A tenant whose recent statements take longer than this on average may run only a few at once. */
const SLOW_MS = 100;
/** Weight of the latest statement in the moving average. */
const WEIGHT = 0.3;
const REMEMBER_MS = 60_000;
/** Longest rest. A tenant rests after a slow statement for as long as it took, if other tenants ran statements meanwhile. */
const MAX_REST_MS = 2_000;
/** Most statements of one tenant that may wait. */
const MAX_WAITING = 100;
const RETRY_SECONDS = 2;

export type TurnOptions = {
  /** Statements that may run at once. */
  most: number;
  /** Longest wait for a turn. */
  waitMs: number;
  /** Number of processors, which slow statements must not use up. Default: those of this machine. */
  processors?: number;
};

type Waiting = { asker: TenantAsker; start: () => void };
type Line = {
  waiting: Waiting[];
  running: number;
  runningSlow: number;
  /** Statements started so far. */
  begun: number;
  /** Rests that are still running. */
  rests: number;
};

/**
 * Shares connections among tenants in turns, round robin. One tenant may run half of all statements. Its slow statements may
 * use half of the processors only, and half of the time if others need it. The slow statements of all tenants leave one
 * processor and half of the connections free.
 * Throws 429 if a tenant asks for more than its share can serve, 503 if all tenants together do.
 */
export function createTurns({ most, waitMs, processors = availableParallelism() }: TurnOptions): Turns {
  const share = Math.max(1, Math.floor(most / 2));
  const slowShare = Math.min(share, Math.max(1, Math.floor(processors / 2)));
  const maxSlow = Math.min(share, Math.max(2, processors - 1));
  /** Tenants in the order of their turns. */
  const lines = new Map<string, Line>();
  const paces = new QuickLRU<string, number>({ maxSize: 10_000, maxAge: REMEMBER_MS });
  let running = 0;
  let runningSlow = 0;
  let begun = 0;

  const isSlow = ({ tenantId, isSlow }: TenantAsker) => isSlow || (paces.get(tenantId) ?? 0) > SLOW_MS;

  function mayRun(line: Line, asker: TenantAsker): boolean {
    if (line.running >= share) return false;
    if (!isSlow(asker)) return true;
    return line.runningSlow < slowShare && runningSlow < maxSlow && line.rests === 0;
  }

  function startNext(): void {
    for (let found = true; found && running < most; ) {
      found = false;
      for (const [tenantId, line] of lines) {
        const place = line.waiting.findIndex(({ asker }) => mayRun(line, asker));
        if (place === -1) continue;
        const [next] = line.waiting.splice(place, 1);
        // Moves the tenant to the end of the queue.
        lines.delete(tenantId);
        lines.set(tenantId, line);
        next?.start();
        found = true;
        break;
      }
    }
  }

  function begin(line: Line, asker: TenantAsker): () => void {
    const slow = isSlow(asker) ? 1 : 0;
    const started = performance.now();
    begun++;
    line.begun++;
    const othersBefore = begun - line.begun;
    running++;
    line.running++;
    runningSlow += slow;
    line.runningSlow += slow;
    return () => {
      running--;
      line.running--;
      runningSlow -= slow;
      line.runningSlow -= slow;
      const took = performance.now() - started;
      const pace = paces.get(asker.tenantId) ?? 0;
      paces.set(asker.tenantId, pace + WEIGHT * (took - pace));
      if (took > SLOW_MS && begun - line.begun > othersBefore) rest(asker.tenantId, line, Math.min(took, MAX_REST_MS));
      forgetIdle(asker.tenantId, line);
      startNext();
    };
  }

  function rest(tenantId: string, line: Line, ms: number): void {
    line.rests++;
    setTimeout(() => {
      line.rests--;
      forgetIdle(tenantId, line);
      startNext();
    }, ms);
  }

  function forgetIdle(tenantId: string, line: Line): void {
    const isIdle = line.running === 0 && line.waiting.length === 0 && line.rests === 0;
    if (isIdle && lines.get(tenantId) === line) lines.delete(tenantId);
  }

  function refusal(line: Line) {
    if (line.running > 0 || line.rests > 0) {
      return tooManyRequests('too-many-queries', 'The tenant has too many queries waiting', RETRY_SECONDS);
    }
    return unavailable('All database connections are in use.', RETRY_SECONDS);
  }

  return {
    async take(asker) {
      asker.signal?.throwIfAborted();
      const line = lines.get(asker.tenantId) ?? { waiting: [], running: 0, runningSlow: 0, begun: 0, rests: 0 };
      lines.set(asker.tenantId, line);
      if (line.waiting.length >= MAX_WAITING) throw refusal(line);
      return new Promise((done, fail) => {
        const leave = (reason: unknown) => {
          line.waiting.splice(line.waiting.indexOf(waiting), 1);
          settle();
          forgetIdle(asker.tenantId, line);
          fail(reason);
        };
        const onAbort = () => leave(asker.signal?.reason);
        const timer = setTimeout(() => leave(refusal(line)), waitMs);
        const settle = () => {
          clearTimeout(timer);
          asker.signal?.removeEventListener('abort', onAbort);
        };
        const waiting: Waiting = {
          asker,
          start() {
            settle();
            done(begin(line, asker));
          },
        };
        asker.signal?.addEventListener('abort', onAbort, { once: true });
        line.waiting.push(waiting);
        startNext();
      });
    },
  };
}
