import { isDatabaseAway } from '../../sql/database/db.ts';
import type { EventRow, StoreStatus } from '../../sql/events/events.ts';
import { bufferFull, unavailable } from '../http/problems.ts';

/** Outcome of one event: undefined if it was stored. `refused`: the reason why PostgreSQL rejected it. */
export type StoreOutcome = StoreStatus | { refused: string } | undefined;

export type GroupCommit = {
  /** Stores the events of one request together with those of all waiting requests. Resolves after the commit. */
  store: (rows: EventRow[]) => Promise<StoreOutcome[]>;
  /** Counts bytes that a request holds in memory until `release`. Throws 503 if the buffer is full. */
  reserve: (bytes: number) => void;
  release: (bytes: number) => void;
  /** Resolves when no events are waiting. */
  drain: () => Promise<void>;
  /** Events that wait or are being stored, and bytes reserved. */
  load: () => { events: number; bytes: number };
};

export type GroupCommitOptions = {
  store: (rows: EventRow[]) => Promise<Map<number, StoreStatus>>;
  /** Most statements that run at once. */
  connections: number;
  /** Most events in one statement. */
  maxRows: number;
  maxBytes: number;
  /** Longest wait of a request for its events to be stored. Then it gets 503, and the events may be stored or not. */
  patienceMs: number;
  onFlush?: (rows: number, seconds: number) => void;
};

type Batch = {
  rows: EventRow[];
  outcomes: StoreOutcome[];
  /** First row that no flush has taken. */
  next: number;
  left: number;
  done: (outcomes: StoreOutcome[]) => void;
  fail: (error: unknown) => void;
};

/** Retries of a flush that lost a deadlock. PostgreSQL takes a second to detect one. */
const MAX_DEADLOCKS = 3;

const keyOf = (row: EventRow) => `${row.id}${row.time}`;

/** Stores the events of all waiting requests in few statements. */
export function createGroupCommit(options: GroupCommitOptions): GroupCommit {
  const waiting: Batch[] = [];
  const idle: (() => void)[] = [];
  /** Events that are being stored. Of equal events, the first to arrive is stored first. */
  const underWay = new Set<string>();
  let flushing = 0;
  let events = 0;
  let bytes = 0;

  function start(): void {
    while (flushing < options.connections) {
      const taken = take();
      if (taken.length === 0) return;
      flushing++;
      void flush(taken).finally(() => {
        flushing--;
        for (const { row } of taken) underWay.delete(keyOf(row));
        start();
        if (flushing === 0 && waiting.length === 0) for (const done of idle.splice(0)) done();
      });
    }
  }

  // Takes rows in order of arrival, up to the limit. An event that equals one being stored waits until that statement has
  // ended. Then it is recognised as a repetition of a stored row, as usual. Other requests do not wait for it.
  function take(): { row: EventRow; batch: Batch; place: number }[] {
    const taken: { row: EventRow; batch: Batch; place: number }[] = [];
    for (let at = 0; at < waiting.length && taken.length < options.maxRows; ) {
      const batch = waiting[at] as Batch;
      for (; batch.next < batch.rows.length && taken.length < options.maxRows; batch.next++) {
        const row = batch.rows[batch.next] as EventRow;
        const key = keyOf(row);
        if (underWay.has(key)) break;
        underWay.add(key);
        taken.push({ row, batch, place: batch.next });
      }
      if (batch.next === batch.rows.length) waiting.splice(at, 1);
      else at++;
    }
    return taken;
  }

  async function flush(taken: { row: EventRow; batch: Batch; place: number }[]): Promise<void> {
    const started = performance.now();
    try {
      const outcomes = await storeApart(taken.map(({ row }) => row));
      for (let i = 0; i < taken.length; i++) {
        const { batch, place } = taken[i] as { batch: Batch; place: number };
        batch.outcomes[place] = outcomes[i];
        if (--batch.left === 0) batch.done(batch.outcomes);
      }
    } catch (error) {
      const told = isDatabaseAway(error) ? unavailable('The database does not answer. Send the events again later.') : error;
      for (const batch of new Set(taken.map(({ batch }) => batch))) {
        const at = waiting.indexOf(batch);
        if (at !== -1) waiting.splice(at, 1);
        batch.fail(told);
      }
    }
    options.onFlush?.(taken.length, (performance.now() - started) / 1000);
  }

  // Isolates events that PostgreSQL rejects (SQLSTATE classes 22 and 54 for their values, 23514 for a time without a
  // partition). The statement is split until such an event is alone, so that all other events are stored.
  async function storeApart(rows: EventRow[], deadlocks = 0): Promise<StoreOutcome[]> {
    const outcomes = new Array<StoreOutcome>(rows.length);
    try {
      for (const [place, status] of await options.store(rows)) outcomes[place] = status;
      return outcomes;
    } catch (error) {
      const { code = '', message } = error as { code?: string; message: string };
      // Retries are limited: a transaction that locks in another order may cause deadlocks again and again.
      if (code === '40P01') {
        if (deadlocks < MAX_DEADLOCKS) return storeApart(rows, deadlocks + 1);
        throw unavailable('Other transactions block the database. Send the events again later.');
      }
      if (!/^(22|54|23514)/.test(code)) throw error;
      if (rows.length === 1) return [{ refused: message }];
      const half = rows.length >> 1;
      return [...(await storeApart(rows.slice(0, half))), ...(await storeApart(rows.slice(half)))];
    }
  }

  // If no statement has taken any of the events, none is stored. Otherwise some may be stored, and the sender cannot know.
  function giveUp(batch: Batch): void {
    const at = waiting.indexOf(batch);
    if (at !== -1 && batch.next === 0) waiting.splice(at, 1);
    batch.fail(unavailable('The database did not answer in time. Send the events again later.'));
  }

  return {
    store(rows) {
      if (rows.length === 0) return Promise.resolve([]);
      events += rows.length;
      let timer: NodeJS.Timeout | undefined;
      const stored = new Promise<StoreOutcome[]>((done, fail) => {
        const batch = { rows, outcomes: new Array(rows.length), next: 0, left: rows.length, done, fail };
        waiting.push(batch);
        timer = setTimeout(giveUp, options.patienceMs, batch);
      });
      start();
      return stored.finally(() => {
        clearTimeout(timer);
        events -= rows.length;
      });
    },
    reserve(more) {
      if (bytes + more > options.maxBytes) throw bufferFull();
      bytes += more;
    },
    release(fewer) {
      bytes -= fewer;
    },
    drain: () => (flushing === 0 && waiting.length === 0 ? Promise.resolve() : new Promise((done) => idle.push(done))),
    load: () => ({ events, bytes }),
  };
}
