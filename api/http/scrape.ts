/** Shares one read among all gauges of a scrape. Returns no rows if the database does not answer. */
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
