import { setTimeout } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import type { ApiClient, Receipt } from '../client.ts';

const TYPE = 'mirante.check.v1';
const LIMIT_MS = 30_000;

/**
 * Sends one event, and waits until the metric `events.count` includes it and every queue has a working consumer. Throws if
 * that fails.
 */
export async function proveArrival(clients: { ingest: ApiClient; read: ApiClient }, signal: AbortSignal): Promise<void> {
  const before = await count(clients.read);
  const id = uuidv7();
  const time = new Date().toISOString();
  const receipt = await clients.ingest.ask<Receipt>('POST', '/v1/events', { id, time, type: TYPE, source: 'mirante/check' });
  if (receipt.accepted !== 1) throw new Error(`The event was not accepted: ${JSON.stringify(receipt)}`);
  const deadline = Date.now() + LIMIT_MS;
  while ((await count(clients.read)) !== before + 1) {
    if (Date.now() > deadline) throw new Error('The event was accepted, but events.count did not show it within 30 seconds.');
    await setTimeout(100, undefined, { signal });
  }
  for (;;) {
    const { status, checks } = await clients.read.ask<{ status: string; checks: unknown }>('GET', '/readyz');
    if (status === 'ok') return;
    if (Date.now() > deadline)
      throw new Error(`The event arrived, but some queues are not being processed: ${JSON.stringify(checks)}`);
    await setTimeout(100, undefined, { signal });
  }
}

async function count(read: ApiClient): Promise<number> {
  const path = `/v1/metrics/events.count?interval=total&filter[type]=${TYPE}`;
  const answer = await read.ask<{ data: { value: number }[] }>('GET', path);
  return answer.data.reduce((sum, row) => sum + row.value, 0);
}
