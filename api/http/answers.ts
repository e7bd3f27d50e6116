import QuickLRU from 'quick-lru';
import { askFor, currentAsker } from '../../sql/database/fair-pool.ts';

/** Longest time that an answer is reused. Its watermark says up to when it is complete, so it stays true. */
const REMEMBER_MS = 10_000;
/** Longer answers are not cached. This keeps the cache within about 40 MB. */
const MAX_ROWS = 200;

type Answer = { watermark: Date; rows: unknown[] };
/** A question: everything that the answer depends on, and whether the query is known to be slow. */
export type SharedQuestion = { question: string; isSlow: boolean };
type Shared = { answer: Promise<Answer>; waiting: number; gone: AbortController };

export type Answers = {
  /** Returns the result of `read` for this tenant and question, cached or shared where possible. */
  share: <A extends Answer>(tenantId: string, asked: SharedQuestion, read: () => Promise<A>) => Promise<A>;
  /** Drops the cached answers of a tenant, because this process has stored events for it. */
  forget: (tenantId: string) => void;
};

/**
 * Runs one query for all viewers who ask the same question at about the same time, and aborts it when the last of them leaves.
 * Caches only answers that were complete up to the moment of reading; an answer that waits for a refresh is read again.
 */
export function createAnswers(): Answers {
  const known = new QuickLRU<string, Shared>({ maxSize: 1_000, maxAge: REMEMBER_MS });
  const versions = new QuickLRU<string, number>({ maxSize: 20_000 });
  let version = 0;

  function begin(key: string, tenantId: string, isSlow: boolean, read: () => Promise<Answer>): Shared {
    const asked = Date.now();
    const gone = new AbortController();
    const answer = askFor({ tenantId, isSlow, signal: gone.signal }, read);
    const shared = { answer, waiting: 0, gone };
    known.set(key, shared);
    answer.then(
      ({ watermark, rows }) => {
        if (watermark.getTime() < asked - 1000 || rows.length > MAX_ROWS) forget(key, shared);
      },
      () => forget(key, shared),
    );
    return shared;
  }

  function forget(key: string, shared: Shared): void {
    if (known.peek(key) === shared) known.delete(key);
  }

  // A request without a signal waits until the answer arrives.
  function join(key: string, shared: Shared): void {
    shared.waiting++;
    const signal = currentAsker()?.signal;
    if (!signal) return;
    const leave = () => {
      if (--shared.waiting > 0) return;
      forget(key, shared);
      shared.gone.abort(signal.reason);
    };
    const stay = () => signal.removeEventListener('abort', leave);
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
    shared.answer.then(stay, stay);
  }

  return {
    share<A extends Answer>(tenantId: string, { question, isSlow }: SharedQuestion, read: () => Promise<A>) {
      const key = `${tenantId} ${versions.get(tenantId) ?? 0} ${question}`;
      const shared = known.get(key) ?? begin(key, tenantId, isSlow, read);
      join(key, shared);
      return shared.answer as Promise<A>;
    },
    forget: (tenantId) => versions.set(tenantId, ++version),
  };
}
