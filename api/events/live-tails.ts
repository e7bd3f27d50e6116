import { setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { Logger } from '../../lib/log.ts';
import { type Pool, withTenant } from '../../sql/database/db.ts';
import { askFor } from '../../sql/database/fair-pool.ts';
import type { EventRow } from '../../sql/events/events.ts';
import { LAST_ID, type LivePlace, MOST_READ, type ReceivedEvent, readReceived, receivedSoFar } from '../../sql/events/live.ts';
import { encodeCursor } from '../http/cursor.ts';
import { tooManyRequests, unavailable } from '../http/problems.ts';
import { eventText } from './event-text.ts';
import { createLiveRing, type LiveRing } from './live-ring.ts';

/** Live streams of one tenant, and of all tenants together, in one process. */
const MOST_OF_TENANT = 100;
const MOST_STREAMS = 1_000;
const RETRY_SECONDS = 10;

/** How often events of other processes are looked for, and how soon this process's own are. */
const PAUSE_MS = 1_000;
const SHORT_PAUSE_MS = 200;
/** After a slow read, the pause is this many times as long as the read. */
const REST = 10;
/** How far back a tail begins, so that readers who come back after a restart find what they have missed. */
const BACK_MS = 60_000;
/** How long a tail goes on without readers, so that one who comes back finds it. */
const KEEP_MS = 30_000;

/** How long an event is kept. */
const MOST_MS = 120_000;
const MOST_EVENTS = 2_000;
/** Characters that a tenant's tail keeps, and all of them together. */
const MOST_CHARACTERS = 4 * 1024 * 1024;
const ALL_CHARACTERS = 64 * 1024 * 1024;
/** Events from before this are named when the tail is told of them. */
const LATE_US = 4 * 60 * 1_000_000;

type Late = Pick<EventRow, 'time' | 'id'>;

/** What a stream reads of its tenant's tail. */
export type LiveReading = {
  ring: Pick<LiveRing, 'first' | 'next' | 'at'>;
  /** Number of the first event to send; undefined where some that the reader has not seen are gone. */
  start: number | undefined;
  /** Up to where everything is in the ring, as an offset. */
  offset: () => string;
  leave: () => void;
};

export type LiveTails = {
  /**
   * Begins to read, behind a receipt or from now on. `onMore` is called when there are more events, `onEnd` when the program stops. Throws
   * 429 where the tenant has as many streams as it may, 503 where the process has or the database is away.
   */
  read: (tenantId: string, after: LivePlace | undefined, onMore: () => void, onEnd: () => void) => Promise<LiveReading>;
  /** Says that events of a tenant have been stored by this process. */
  stored: (tenantId: string, rows: readonly Late[]) => void;
  /** Ends every stream and lets none begin. */
  close: () => void;
};

type Tail = {
  tenantId: string;
  ring: LiveRing;
  /** Up to where it has read. */
  position: LivePlace;
  readers: Map<() => void, () => void>;
  lastLeft: number;
  late: Late[];
  hasLost: boolean;
  isWoken: boolean;
  wake: () => void;
  ready: Promise<void>;
};

const ago = (ms: number): LivePlace => ({
  received: `${new Date(Date.now() - ms).toISOString().replace('T', ' ').slice(0, -1)}000+00`,
  id: LAST_ID,
});

const placeOf = ({ received, id }: LivePlace) => `${received} ${id}`;

/**
 * Follows the events of each tenant that has readers: one reading for all of its readers, in the order of receipt, whichever process stored
 * them. Readers share what was read; who is too slow for it misses some.
 */
export function createLiveTails(pool: Pool, log: Logger): LiveTails {
  const tails = new Map<string, Tail>();
  const closing = new AbortController();
  // Each tail listens while it pauses.
  setMaxListeners(0, closing.signal);
  let streams = 0;

  async function load(tail: Tail): Promise<void> {
    const to = await receivedSoFar(pool);
    // Only now: what was being stored meanwhile has been named, and the position is about to pass it.
    const late = tail.late.splice(0);
    const read = withTenant(pool, tail.tenantId, (client) => readReceived(client, tail.position, to, late));
    const { rows, isCut } = await read.catch((error) => {
      keepLate(tail, late);
      throw error;
    });
    const hasLost = isCut || tail.hasLost;
    tail.hasLost = false;
    tail.position = { received: to, id: LAST_ID };
    tail.ring.add(rows.map(frameOf), hasLost, {
      events: MOST_EVENTS,
      characters: Math.min(MOST_CHARACTERS, ALL_CHARACTERS / tails.size),
      from: placeOf(ago(MOST_MS)),
    });
    if (rows.length > 0 || hasLost) for (const onMore of tail.readers.keys()) onMore();
  }

  async function once(tail: Tail): Promise<number> {
    const began = performance.now();
    tail.isWoken = false;
    await load(tail);
    return performance.now() - began;
  }

  async function follow(tail: Tail, first: Promise<number>): Promise<void> {
    let took = await first;
    let hasFailed = false;
    while (tail.readers.size > 0 || Date.now() - tail.lastLeft < KEEP_MS) {
      await setTimeout(Math.max(SHORT_PAUSE_MS, took * REST), undefined, { signal: closing.signal });
      if (!tail.isWoken) await untilWoken(tail);
      closing.signal.throwIfAborted();
      try {
        took = await once(tail);
        hasFailed = false;
      } catch (error) {
        if (!hasFailed) log.warn({ err: error, tenant: tail.tenantId }, 'cannot read the latest events for live streams');
        hasFailed = true;
        took = PAUSE_MS / REST;
      }
    }
    forget(tail);
  }

  function forget(tail: Tail): void {
    if (tails.get(tail.tenantId) === tail) tails.delete(tail.tenantId);
  }

  function begin(tenantId: string): Tail {
    const position = ago(BACK_MS);
    const tail: Tail = {
      tenantId,
      ring: createLiveRing(placeOf(position)),
      position,
      readers: new Map(),
      lastLeft: Date.now(),
      late: [],
      hasLost: false,
      isWoken: false,
      wake: () => undefined,
      ready: Promise.resolve(),
    };
    tails.set(tenantId, tail);
    // On the tenant's own behalf, not on that of the request that happens to be the first.
    askFor({ tenantId }, () => {
      const first = once(tail);
      tail.ready = first.then(() => undefined);
      follow(tail, first)
        .catch(() => undefined)
        .finally(() => forget(tail));
    });
    return tail;
  }

  return {
    async read(tenantId, after, onMore, onEnd) {
      if (closing.signal.aborted || streams >= MOST_STREAMS)
        throw unavailable('The process has as many live streams as it can. Try again later.', RETRY_SECONDS);
      const tail = tails.get(tenantId) ?? begin(tenantId);
      if (tail.readers.size >= MOST_OF_TENANT)
        throw tooManyRequests('too-many-streams', 'The tenant already has as many live streams as allowed', RETRY_SECONDS);
      streams++;
      tail.readers.set(onMore, onEnd);
      const leave = () => {
        if (!tail.readers.delete(onMore)) return;
        streams--;
        tail.lastLeft = Date.now();
      };
      try {
        await tail.ready;
      } catch (error) {
        leave();
        throw error;
      }
      const start = after ? tail.ring.after(placeOf(after)) : tail.ring.next();
      return { ring: tail.ring, start, offset: () => encodeCursor(tail.position.received, tail.position.id), leave };
    },
    stored(tenantId, rows) {
      const tail = tails.get(tenantId);
      if (!tail || rows.length === 0) return;
      const recent = Date.now() * 1000 - LATE_US;
      keepLate(
        tail,
        rows.filter(({ time }) => time < recent).map(({ time, id }) => ({ time, id })),
      );
      tail.isWoken = true;
      tail.wake();
    },
    close() {
      closing.abort();
      for (const tail of tails.values()) {
        tail.wake();
        for (const onEnd of tail.readers.values()) onEnd();
      }
    },
  };
}

function keepLate(tail: Tail, more: Late[]): void {
  tail.late = [...tail.late, ...more];
  if (tail.late.length <= MOST_READ) return;
  tail.late = tail.late.slice(-MOST_READ);
  tail.hasLost = true;
}

async function untilWoken(tail: Tail): Promise<void> {
  const over = new AbortController();
  tail.wake = () => over.abort();
  await setTimeout(PAUSE_MS - SHORT_PAUSE_MS, undefined, { signal: over.signal }).catch(() => undefined);
  tail.wake = () => undefined;
}

function frameOf(row: ReceivedEvent) {
  const id = encodeCursor(row.received, row.id);
  const { type, source, subject, outcome, marketplace } = row;
  const text = `event: event\nid: ${id}\ndata: ${eventText(row)}\n\n`;
  return { place: placeOf(row), type, source, subject, outcome, marketplace, text };
}
