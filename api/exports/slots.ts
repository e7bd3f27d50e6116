import { tooManyRequests, unavailable } from '../http/problems.ts';

/** Seconds that a client should wait before it retries. The duration of an export is unknown. */
const RETRY_SECONDS = 10;

export type ExportSlots = {
  /**
   * Takes one slot and returns the function that frees it. Throws 503 if none is free, 429 if the tenant has used its share.
   * `breakOff` is called when the program stops.
   */
  take: (tenantId: string, breakOff: () => void) => () => void;
  /** Breaks off all running exports and starts no more. */
  close: () => void;
};

/**
 * Allows at most `most` exports at once. One tenant may have half of the slots, and gets another one only while more are free
 * than it has: two busy tenants cannot shut out a third.
 */
export function createExportSlots(most: number): ExportSlots {
  const share = Math.max(1, Math.floor(most / 2));
  const taken = new Map<string, number>();
  const running = new Set<() => void>();
  let closed = false;

  return {
    take(tenantId, breakOff) {
      const own = taken.get(tenantId) ?? 0;
      if (own >= share || (own > 0 && most - running.size <= own))
        throw tooManyRequests('too-many-exports', 'The tenant already streams as many exports as allowed', RETRY_SECONDS);
      if (closed || running.size >= most)
        throw unavailable('All connections for exports are in use. Try again later.', RETRY_SECONDS);
      // A separate function for each call: callers may pass the same `breakOff` twice.
      const end = () => breakOff();
      running.add(end);
      taken.set(tenantId, own + 1);
      return () => {
        if (!running.delete(end)) return;
        const left = (taken.get(tenantId) ?? 1) - 1;
        if (left > 0) taken.set(tenantId, left);
        else taken.delete(tenantId);
      };
    },
    close() {
      closed = true;
      for (const breakOff of running) breakOff();
    },
  };
}
