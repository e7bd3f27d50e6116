import { setTimeout } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import type { Logger } from '../../lib/log.ts';
import type { Pool } from '../../sql/database/db.ts';
import {
  CANARY_TYPE,
  countCanaries,
  findProbeTenant,
  makeProbeKey,
  type Probe,
  saveProbes,
} from '../../sql/objectives/probes.ts';

export type ProbeDeps = {
  pool: Pool;
  log: Logger;
  clock: () => Date;
  /** URL of the public API, as customers reach it. */
  apiUrl: string;
  /** Stops a running round; it stores no result. */
  signal?: AbortSignal | undefined;
};

const HOUR_MS = 3_600_000;
const KEY_MS = 24 * HOUR_MS;
const ANSWER_MS = 10_000;
/** Longer than the objective, so that a late event can be told from a lost one. */
const ARRIVAL_MS = 360_000;
/** About two days of results, in case the database is down for long. */
const MAX_UNSAVED = 10_000;

/**
 * Returns a function that runs one round of probes, like a customer: is the API ready, does it accept an event, does it answer,
 * and how long until the event is counted. A failed probe is a result, not an error. Results that cannot be stored wait for the
 * next round, because the database itself may be down.
 */
export function createProbe({ pool, clock, apiUrl, signal }: ProbeDeps): () => Promise<void> {
  let access: { tenantId: string; key: string; until: number } | undefined;
  let unsaved: Probe[] = [];

  async function keyed(): Promise<{ tenantId: string; key: string }> {
    if (!access || access.until - clock().getTime() < HOUR_MS) {
      const tenantId = await findProbeTenant(pool);
      const until = new Date(clock().getTime() + KEY_MS);
      access = { tenantId, key: await makeProbeKey(pool, tenantId, until), until: until.getTime() };
    }
    return access;
  }

  async function ask(path: string, status: number, key?: string, event?: object): Promise<unknown> {
    const limit = AbortSignal.timeout(ANSWER_MS);
    const response = await fetch(apiUrl + path, {
      method: event ? 'POST' : 'GET',
      headers: { ...(key && { authorization: `Bearer ${key}` }), ...(event && { 'content-type': 'application/json' }) },
      ...(event && { body: JSON.stringify(event) }),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    const text = await response.text();
    // The key was revoked: the next round creates another.
    if (response.status === 401) access = undefined;
    if (response.status !== status) throw new Error(`HTTP ${response.status}`);
    return JSON.parse(text);
  }

  // Returns the answer, or undefined if the probe failed.
  async function take<T>(probe: Probe['probe'], work: () => Promise<T>): Promise<T | undefined> {
    const at = clock();
    const started = performance.now();
    const note = (ok: boolean, detail: string | null) => {
      unsaved.push({ probe, at, ok, milliseconds: performance.now() - started, detail });
    };
    try {
      const result = await work();
      note(true, null);
      return result;
    } catch (error) {
      if (!signal?.aborted) note(false, reasonOf(error));
      return undefined;
    }
  }

  async function save(): Promise<void> {
    const probes = unsaved.slice(-MAX_UNSAVED);
    unsaved = [];
    await saveProbes(pool, probes).catch((error: unknown) => {
      unsaved = [...probes, ...unsaved];
      throw error;
    });
  }

  return async () => {
    await take('ready', () => ask('/readyz', 200));
    try {
      const { tenantId, key } = await keyed();
      const time = clock();
      const hour = new Date(Math.floor(time.getTime() / HOUR_MS) * HOUR_MS);
      const event = { type: CANARY_TYPE, id: uuidv7(), source: 'mirante/probe', time };
      const sent = performance.now();
      const counted = async () => {
        const answer = (await ask(questionOf(hour), 200, key)) as { data: { value: number }[] };
        return { value: answer.data[0]?.value ?? 0, ms: performance.now() - sent };
      };
      const acknowledged = await take('ingest', async () => {
        const receipt = (await ask('/v1/events', 202, key, event)) as { accepted: number };
        if (receipt.accepted !== 1) throw new Error('not accepted');
        return receipt;
      });
      const first = await take('query', counted);
      if (!acknowledged || signal?.aborted) return;
      await save();
      const expected = await countCanaries(pool, tenantId, hour, time);
      const arrival = await arrivalOf(expected, first, counted, sent, signal);
      if (arrival) unsaved.push({ probe: 'arrival', at: time, ...arrival });
    } finally {
      if (unsaved.length > 0) await save();
    }
  };
}

type Counted = { value: number; ms: number };

// Polls at growing intervals until the event is counted. Undefined if it was stopped.
async function arrivalOf(
  expected: number,
  first: Counted | undefined,
  counted: () => Promise<Counted>,
  sent: number,
  signal?: AbortSignal,
): Promise<Pick<Probe, 'ok' | 'milliseconds' | 'detail'> | undefined> {
  let last = first;
  while (!last || last.value < expected) {
    const waited = performance.now() - sent;
    if (waited > ARRIVAL_MS) return { ok: false, milliseconds: waited, detail: last ? 'not counted' : 'no answer' };
    await setTimeout(Math.min(5_000, 100 + waited / 10), undefined, { signal }).catch(() => undefined);
    if (signal?.aborted) return undefined;
    last = await counted().catch(() => undefined);
  }
  return { ok: true, milliseconds: last.ms, detail: null };
}

// The hour from its roll-up, as a dashboard asks. A narrower window would be read from the raw events and prove nothing.
function questionOf(hour: Date): string {
  const query = new URLSearchParams({
    interval: 'hour',
    from: hour.toISOString(),
    to: new Date(hour.getTime() + HOUR_MS).toISOString(),
    'filter[type]': CANARY_TYPE,
  });
  return `/v1/metrics/events.count?${query}`;
}

function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: { code?: string } };
  return name === 'TimeoutError' ? `no answer within ${ANSWER_MS} ms` : (cause?.code ?? message);
}

const EVERY_MS = 60_000;
const START_MS = 60_000;

/**
 * Probes every minute until the signal. It uses a timer and not the queue: a queue in the database is down exactly when there is
 * something to measure.
 */
export async function keepProbing(deps: ProbeDeps & { signal: AbortSignal }): Promise<void> {
  const { log, signal } = deps;
  const probe = createProbe(deps);
  await firstAnswer(deps);
  while (!signal.aborted) {
    const next = setTimeout(EVERY_MS, undefined, { signal }).catch(() => undefined);
    // Not awaited: an event that arrives late must not delay the next one.
    probe().catch((error: Error) => {
      if (!signal.aborted) log.warn({ error: error.message }, 'cannot store probe results yet; will retry');
    });
    await next;
  }
}

// API and jobs start together. If the API is ready a moment later, that is no outage.
async function firstAnswer({ apiUrl, signal }: ProbeDeps & { signal: AbortSignal }): Promise<void> {
  const until = performance.now() + START_MS;
  while (!signal.aborted && performance.now() < until) {
    const answer = await fetch(`${apiUrl}/livez`, { signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]) }).catch(
      () => undefined,
    );
    if (answer) return;
    await setTimeout(500, undefined, { signal }).catch(() => undefined);
  }
}
