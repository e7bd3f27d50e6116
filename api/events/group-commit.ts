import { isDatabaseAway } from '../../sql/database/db.ts';
import type { EventRow, StoreStatus } from '../../sql/events/events.ts';
import { unavailable } from '../http/problems.ts';

/** How one event ended: undefined where it was stored. `refused`: PostgreSQL itself would not take it, with its reason. */
export type StoreOutcome = StoreStatus | { refused: string } | undefined;

export type GroupCommit = {
  /** Stores the events of one request with those of all others that are waiting; resolves after the commit. */
  store: (rows: EventRow[]) => Promise<StoreOutcome[]>;
  /** Counts bytes that a request holds in memory until `release`. Throws 503 where the buffer is full. */
  reserve: (bytes: number) => void;
  release: (bytes: number) => void;
  /** Resolves when nothing is waiting any more. */
  drain: () => Promise<void>;
  /** Events waiting or being stored, and bytes reserved. */
  load: () => { events: number; bytes: number };
};

export type GroupCommitOptions = {
  store: (rows: EventRow[]) => Promise<Map<number, StoreStatus>>;
  /** Statements that may be under way at once. */
  connections: number;
  /** Events in one statement. */
  maxRows: number;
  maxBytes: number;
  /** How long a request waits for its events to be stored. What becomes of them is then unknown, and it gets 503. */
  patienceMs: number;
  onFlush?: (rows: number, seconds: number) => void;
};

type Batch = {
  rows: EventRow[];
  outcomes: StoreOutcome[];
  /** First row that no flush has taken yet. */
  next: number;
  left: number;
  done: (outcomes: StoreOutcome[]) => void;
  fail: (error: unknown) => void;
};

/** How often a flush that lost a deadlock is tried again. PostgreSQL takes a second to find one. */
const MAX_DEADLOCKS = 3;

const keyOf = (row: EventRow) => `${row.id}${row.time}`;

/** Gathers the events of all waiting requests into few statements. */
export function createGroupCommit(options: GroupCommitOptions): GroupCommit {
  const waiting: Batch[] = [];
  const idle: (() => void)[] = [];
  /** Events in a statement at this moment: of equal ones the first to come is the first to be stored. */
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

  // Takes rows in order of arrival up to the limit. An event that is under way already waits until that is over, where it is
  // told from a stored row like any other repetition; nobody else's request waits with it.
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

  // Second net: where PostgreSQL refuses one event (SQLSTATE classes 22 and 54 for its values, 23514 for a time that no
  // partition holds), the statement is split until the offender stands alone, so that nobody else's events fail with it.
  async function storeApart(rows: EventRow[], deadlocks = 0): Promise<StoreOutcome[]> {
    const outcomes = new Array<StoreOutcome>(rows.length);
    try {
      for (const [place, status] of await options.store(rows)) outcomes[place] = status;
      return outcomes;
    } catch (error) {
      const { code = '', message } = error as { code?: string; message: string };
      // Who lost a deadlock tries again, for a while: what locks in another order may do so without end.
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

  // What no statement has taken yet will not be stored; the rest may be, and its sender cannot know.
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
      if (bytes + more > options.maxBytes)
        throw unavailable('The buffer of waiting events is full. Send the events again later.');
      bytes += more;
    },
    release(fewer) {
      bytes -= fewer;
    },
    drain: () => (flushing === 0 && waiting.length === 0 ? Promise.resolve() : new Promise((done) => idle.push(done))),
    load: () => ({ events, bytes }),
  };
}
