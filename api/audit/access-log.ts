import type { Logger } from '../../lib/log.ts';
import { type Access, recordAccess } from '../../sql/audit/access-log.ts';
import type { Pool } from '../../sql/database/db.ts';

export type AccessLog = {
  /** Counts one request of a key, or of a viewer with a link of that key. Written every few seconds. */
  count: (keyId: string, address: string, viewer?: boolean) => void;
  /** Writes the counts that are not written yet. */
  close: () => Promise<void>;
};

const WRITE_EVERY_MS = 3_000;
const HOUR_MS = 3_600_000;
/** Most combinations of hour, key and address kept while the database does not answer: about 5 MB. */
const MAX_WAITING = 20_000;

/** Records who used the platform, when and from which address. Counts in memory, adds up in the database. */
export function createAccessLog(pool: Pool, log: Logger): AccessLog {
  let waiting = new Map<string, Access>();
  let lost = 0;
  let writing: Promise<void> | undefined;

  function add(entry: Access): void {
    const id = `${Math.floor(entry.firstAt / HOUR_MS)} ${entry.keyId} ${entry.address} ${entry.viewer}`;
    const found = waiting.get(id);
    if (found) {
      found.firstAt = Math.min(found.firstAt, entry.firstAt);
      found.lastAt = Math.max(found.lastAt, entry.lastAt);
      found.requests += entry.requests;
    } else if (waiting.size < MAX_WAITING) waiting.set(id, entry);
    else lost += entry.requests;
  }

  async function write(): Promise<void> {
    const batch = [...waiting.values()];
    if (batch.length === 0) return;
    waiting = new Map();
    try {
      await recordAccess(pool, batch);
    } catch (error) {
      for (const entry of batch) add(entry);
      log.warn({ err: error, entries: batch.length }, 'cannot write the access log; will retry');
    }
    if (lost > 0) log.error({ requests: lost }, 'access log incomplete: too many keys and addresses at once');
    lost = 0;
  }

  function start(): Promise<void> {
    writing ??= write().finally(() => {
      writing = undefined;
    });
    return writing;
  }

  const timer = setInterval(() => void start(), WRITE_EVERY_MS).unref();

  return {
    count(keyId, address, viewer = false) {
      const now = Date.now();
      add({ keyId, address, viewer, firstAt: now, lastAt: now, requests: 1 });
    },
    async close() {
      clearInterval(timer);
      await writing;
      await start();
    },
  };
}
