import { Busy } from '../../lib/busy.ts';
import type { Logger } from '../../lib/log.ts';

/**
 * How a failure is logged: a message and the item's fields. `isFatal` errors stop the loop at once, because no other item can
 * succeed.
 */
export type Telling<T> = {
  log: Pick<Logger, 'error'>;
  message: string;
  about: (item: T) => object;
  isFatal?: (error: unknown) => boolean;
};

/**
 * Runs `work` on each item. A failed item is logged and does not stop the others. All failures are thrown at the end: one as it
 * is, several as an AggregateError. A Busy item has not failed: Busy is thrown at the end if nothing else is. The next item is
 * requested only after the previous one is done, so an async source can let tenants take turns.
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

/** Throws if there are failures: a single error as it is, several as an AggregateError whose message has the first. */
export function throwAll(failures: unknown[], message: string): void {
  if (failures.length === 1) throw failures[0];
  if (failures.length === 0) return;
  const first = failures[0] instanceof Error ? failures[0].message : String(failures[0]);
  throw new AggregateError(failures, `${message}: ${failures.length} times. The first error: ${first}`);
}
