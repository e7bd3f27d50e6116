import { finished, Readable } from 'node:stream';

/**
 * The same bytes, but an error where nothing comes for so long although the reader waits for it. A reader that takes its time is not
 * counted. Whatever ends one of both streams ends the other.
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

/** Nothing came for too long. Named as the AWS SDK names what it may try again. */
class Stalled extends Error {
  override name = 'TimeoutError';
  constructor(limitMs: number) {
    super(`No data received for ${limitMs / 1000} seconds.`);
  }
}
