import { setTimeout } from 'node:timers/promises';
import { v4 } from 'uuid';

export type Load = {
  /** Ids of all sent events, and of those acknowledged by a 202. */
  sent: Set<string>;
  acknowledged: Set<string>;
  /** Count of each status; 0 is a broken connection. */
  statuses: Map<number, number>;
  /** Stops the load after each client has its current batch acknowledged, with retries. */
  finish: () => Promise<void>;
};

const BATCH = 20;
const PAUSE_MS = 100;

/** Clients that send batches continuously, and retry each batch with the same ids until it is acknowledged. */
export function startLoad(url: string, keys: string[], clients: number): Load {
  const load = { sent: new Set<string>(), acknowledged: new Set<string>(), statuses: new Map<number, number>() };
  let finishing = false;

  async function send(key: string, body: string): Promise<number> {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    try {
      const response = await fetch(`${url}/v1/events`, { method: 'POST', headers, body });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return 0;
    }
  }

  async function client(key: string): Promise<void> {
    while (!finishing) {
      const events = Array.from({ length: BATCH }, () => ({ id: v4(), type: 'test.load.v1', time: new Date().toISOString() }));
      for (const { id } of events) load.sent.add(id);
      const body = JSON.stringify(events);
      for (;;) {
        const status = await send(key, body);
        load.statuses.set(status, (load.statuses.get(status) ?? 0) + 1);
        if (status === 202) break;
        if (status !== 0 && status !== 503) return;
        await setTimeout(PAUSE_MS);
      }
      for (const { id } of events) load.acknowledged.add(id);
    }
  }

  const running = Array.from({ length: clients }, (_, n) => client(keys[n % keys.length] as string));
  return {
    ...load,
    async finish() {
      finishing = true;
      await Promise.all(running);
    },
  };
}
