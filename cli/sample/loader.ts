import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import cliProgress from 'cli-progress';
import { sendAll } from '../batches.ts';
import type { ApiClient } from '../client.ts';
import { readJson, writePrivate } from '../files.ts';
import { SAMPLE_DAYS, sampleEvents } from './sample.ts';

type State = { tenant_id: string; ends_at: string; loaded: boolean };
type Total = { watermark: string; data: { value: number }[] };

const HOUR_MS = 3_600_000;
const CATCH_UP_LIMIT_MS = 180_000;

/**
 * Loads the sample data through the public API, once for each tenant. It stores the end of the data first, so that a run
 * after an interruption sends the same events, and the server recognises repetitions.
 */
export async function loadSample(
  dataDir: string,
  tenantId: string,
  clients: { ingest: ApiClient; read: ApiClient },
  say: (sentence: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const file = join(dataDir, 'sample.json');
  const known = readJson<State>(file);
  let state = known?.tenant_id === tenantId ? known : undefined;
  if (state?.loaded) return;
  if (!state) {
    if ((await total(clients.read, new Date())).count > 0) {
      say('The demo tenant already has events: the sample data is not loaded.');
      return;
    }
    state = { tenant_id: tenantId, ends_at: new Date().toISOString(), loaded: false };
    writePrivate(file, JSON.stringify(state));
  }
  const endsAt = new Date(state.ends_at);
  const events = sampleEvents(endsAt);
  await send(clients.ingest, events);
  await caughtUp(clients.read, endsAt, events.length, say, signal);
  writePrivate(file, JSON.stringify({ ...state, loaded: true }));
}

async function send(ingest: ApiClient, events: object[]): Promise<void> {
  const bar = new cliProgress.SingleBar({
    format: 'Loading sample data {bar} {percentage}% · {value} of {total} events',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    gracefulExit: false,
    noTTYOutput: true,
    notTTYSchedule: 1000,
    stream: process.stdout,
  });
  bar.start(events.length, 0);
  try {
    const receipt = await sendAll(
      ingest,
      events.map((event) => JSON.stringify(event)),
      (part) => bar.increment(part.received),
    );
    const stored = receipt.accepted + receipt.duplicates;
    if (stored !== events.length) {
      throw new Error(`Only ${stored} of the sample's ${events.length} events were stored: ${JSON.stringify(receipt)}`);
    }
  } finally {
    bar.stop();
  }
}

// Late rows are visible after a refresh of their hours, which the jobs run soon.
async function caughtUp(read: ApiClient, endsAt: Date, expected: number, say: (sentence: string) => void, signal: AbortSignal) {
  say('Waiting for the roll-ups to catch up.');
  const deadline = Date.now() + CATCH_UP_LIMIT_MS;
  for (;;) {
    const { count, watermark } = await total(read, endsAt);
    if (count >= expected && watermark >= hourOf(endsAt.getTime())) return;
    if (Date.now() > deadline) throw new Error('The roll-ups did not catch up within three minutes: see the log of the jobs.');
    await setTimeout(250, undefined, { signal });
  }
}

// Whole hours: a window with part of an hour would need raw rows.
const hourOf = (time: number) => new Date(Math.floor(time / HOUR_MS) * HOUR_MS).toISOString();

async function total(read: ApiClient, endsAt: Date): Promise<{ count: number; watermark: string }> {
  const [from, to] = [hourOf(endsAt.getTime() - (SAMPLE_DAYS + 1) * 24 * HOUR_MS), hourOf(Date.now() + HOUR_MS)];
  const answer = await read.ask<Total>('GET', `/v1/metrics/events.count?interval=total&from=${from}&to=${to}`);
  return { count: answer.data.reduce((sum, row) => sum + row.value, 0), watermark: answer.watermark };
}
