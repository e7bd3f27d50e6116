import { Busy } from '../../lib/busy.ts';
import type { Logger } from '../../lib/log.ts';

/** How a failure is told: a sentence, what it is about, and which errors end everything at once because nothing else can succeed. */
export type Telling<T> = {
  log: Pick<Logger, 'error'>;
  message: string;
  about: (item: T) => object;
  isFatal?: (error: unknown) => boolean;
};

/**
 * Works on each item. One that fails is logged and stops no other; all failures are thrown together at the end, as an AggregateError
 * where there are several. An item that is Busy has not failed: Busy is thrown at the end where nothing else is. Items that come one by one
 * may take turns: the next is asked for when the one before is done.
 */
export async function eachItem<T>(
  items: Iterable<T> | AsyncIterable<T>,
  { log, message, about, isFatal }: Telling<T>,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const failures: unknown[] = [];
  let busy: Busy | undefined;
  try {
    for await (const item of items) {
      try {
        await work(item);
      } catch (error) {
        if (isFatal?.(error)) throw error;
        if (error instanceof Busy) {
          busy = error;
          continue;
        }
        log.error({ err: error, ...about(item) }, message);
        failures.push(error);
      }
    }
  } catch (error) {
    failures.push(error);
  }
  throwAll(failures, message);
  if (busy) throw busy;
}

/** Throws what has failed, if anything has: a single error as it is, several as one whose message has the first. */
export function throwAll(failures: unknown[], message: string): void {
  if (failures.length === 1) throw failures[0];
  if (failures.length === 0) return;
  const first = failures[0] instanceof Error ? failures[0].message : String(failures[0]);
  throw new AggregateError(failures, `${message}: ${failures.length} times. The first error: ${first}`);
}
