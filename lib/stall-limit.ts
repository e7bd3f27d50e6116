import { finished, Readable } from 'node:stream';

/**
 * Returns a stream of the same bytes. It fails if no data arrives for `limitMs` while its reader waits; a slow reader does not
 * count. When one of the two streams ends, so does the other.
 */
export function withStallLimit(source: Readable, limitMs: number): Readable {
  let timer: NodeJS.Timeout | undefined;
  const disarm = () => clearTimeout(timer);
  const arm = () => {
    disarm();
    timer = setTimeout(() => limited.destroy(new Stalled(limitMs)), limitMs);
  };
  const limited = new Readable({
    read() {
      arm();
      source.resume();
    },
    destroy(error, done) {
      disarm();
      source.destroy();
      done(error);
    },
  });
  source.on('data', (chunk: Buffer) => {
    if (limited.push(chunk)) return arm();
    disarm();
    source.pause();
  });
  source.pause();
  finished(source, (error) => {
    disarm();
    if (error) limited.destroy(error);
    else limited.push(null);
  });
  return limited;
}

/** No data arrived within the limit. The AWS SDK retries errors of this name. */
class Stalled extends Error {
  override name = 'TimeoutError';
  constructor(limitMs: number) {
    super(`No data received for ${limitMs / 1000} seconds.`);
  }
}
