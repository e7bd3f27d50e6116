import QuickLRU from 'quick-lru';
import { askFor, currentAsker } from '../../sql/database/fair-pool.ts';

/** How old an answer may be that is given again. Its watermark says how far it reaches, so it stays true. */
const REMEMBER_MS = 10_000;
/** Longer answers are not kept, so that what is kept stays within some 40 MB. */
const MAX_ROWS = 200;

type Answer = { watermark: Date; rows: unknown[] };
/** A question: all that the answer depends on, and whether reading it is known to take long. */
export type SharedQuestion = { question: string; isSlow: boolean };
type Shared = { answer: Promise<Answer>; waiting: number; gone: AbortController };

export type Answers = {
  /** What `read` gives for this tenant and question. */
  share: <A extends Answer>(tenantId: string, asked: SharedQuestion, read: () => Promise<A>) => Promise<A>;
  /** Drops the remembered answers of a tenant, because this process has stored events of it. */
  forget: (tenantId: string) => void;
};

/**
 * Reads once for all viewers who ask the same at about the same time, for as long as one of them waits. Only answers that were
 * complete up to the moment of reading are kept; what waited for a refresh is asked for again.
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

  // Who has no signal waits to the end.
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
