/**
 * Runs `work` for each item, at most `lanes` at a time. Starts no more after the first failure, and throws that error once the
 * running ones have ended.
 */
export async function inLanes<T>(items: Iterable<T>, lanes: number, work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items[Symbol.iterator]();
  let failed = false;
  const lane = async () => {
    for (let next = rest.next(); !next.done && !failed; next = rest.next()) {
      await work(next.value).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: lanes }, lane));
  const fault = ended.find((one) => one.status === 'rejected');
  if (fault) throw fault.reason;
}
