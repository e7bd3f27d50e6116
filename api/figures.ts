import QuickLRU from 'quick-lru';
import type { Pool } from '../sql/db.ts';
import { type Figures as Answer, type Question, readMetric } from '../sql/queries/metrics.ts';

/** How old figures may be that are given again. Their watermark says how far they reach, so they stay true. */
const REMEMBER_MS = 10_000;
/** Longer answers are not kept, so that what is kept stays within some 20 MB. */
const MOST_ROWS = 200;

export type Figures = {
  read: (tenantId: string, question: Question) => Promise<Answer>;
  /** Reads anew from now on: this process has stored events of the tenant. */
  forget: (tenantId: string) => void;
};

/**
 * Reads figures once for all viewers who ask the same at about the same time. Only answers that were complete up to the moment
 * of reading are kept; what waited for a refresh is asked for again.
 */
export function createFigures(pool: Pool): Figures {
  const known = new QuickLRU<string, Promise<Answer>>({ maxSize: 2_000, maxAge: REMEMBER_MS });
  const versions = new QuickLRU<string, number>({ maxSize: 20_000 });
  let version = 0;

  return {
    read(tenantId, question) {
      const { measure, ...rest } = question;
      const key = `${tenantId} ${versions.get(tenantId) ?? 0} ${measure.name} ${JSON.stringify(rest)}`;
      let answer = known.get(key);
      if (!answer) {
        const asked = Date.now();
        const forget = () => known.delete(key);
        answer = readMetric(pool, tenantId, question);
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
