/** Reads once for all gauges of one scrape; returns no rows where the database does not answer. */
export function oncePerScrape<T>(read: () => Promise<T[]>): () => Promise<T[]> {
  let reading: Promise<T[]> | undefined;
  return () => {
    reading ??= read()
      .catch((): T[] => [])
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };
}
