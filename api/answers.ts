import QuickLRU from 'quick-lru';

/** How old an answer may be that is given again. Its watermark says how far it reaches, so it stays true. */
const REMEMBER_MS = 10_000;
/** Longer answers are not kept, so that what is kept stays within some 40 MB. */
const MOST_ROWS = 200;

type Answer = { watermark: Date; rows: unknown[] };

export type Answers = {
  /** What `read` gives for this tenant and question, which says all that the answer depends on. */
  share: <A extends Answer>(tenantId: string, question: string, read: () => Promise<A>) => Promise<A>;
  /** Reads anew from now on: this process has stored events of the tenant. */
  forget: (tenantId: string) => void;
};

/**
 * Reads once for all viewers who ask the same at about the same time. Only answers that were complete up to the moment of
 * reading are kept; what waited for a refresh is asked for again.
 */
export function createAnswers(): Answers {
  const known = new QuickLRU<string, Promise<Answer>>({ maxSize: 1_000, maxAge: REMEMBER_MS });
  const versions = new QuickLRU<string, number>({ maxSize: 20_000 });
  let version = 0;

  return {
    share<A extends Answer>(tenantId: string, question: string, read: () => Promise<A>) {
      const key = `${tenantId} ${versions.get(tenantId) ?? 0} ${question}`;
      let answer = known.get(key) as Promise<A> | undefined;
      if (!answer) {
        const asked = Date.now();
        const forget = () => known.delete(key);
        answer = read();
        answer.then(({ watermark, rows }) => {
          if (watermark.getTime() < asked - 1000 || rows.length > MOST_ROWS) forget();
        }, forget);
        known.set(key, answer);
      }
      return answer;
    },
    forget: (tenantId) => versions.set(tenantId, ++version),
  };
}
