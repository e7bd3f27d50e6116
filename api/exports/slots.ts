import { tooManyRequests, unavailable } from '../http/problems.ts';

/** What a client may wait before it asks again; how long an export takes, nobody knows. */
const RETRY_SECONDS = 10;

export type ExportSlots = {
  /**
   * Takes one of the connections for exports; gives what returns it. Throws 503 where none is free, 429 where the tenant has its
   * share. `breakOff` is called where the program stops.
   */
  take: (tenantId: string, breakOff: () => void) => () => void;
  /** Breaks off every export that is under way, and lets none begin. */
  close: () => void;
};

/**
 * At most `most` exports at once. One tenant may have half of them, and a further one only while more are free than it has, so
 * that two greedy tenants shut out no third.
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
      // One of its own for each call: the same function may be given twice.
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
