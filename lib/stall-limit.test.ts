import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { withStallLimit } from './stall-limit.ts';

const LIMIT = 1_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a slow reader loses nothing', async () => {
  const source = new PassThrough();
  const content = randomBytes(3_000_000);
  source.end(content);
  const chunks: Buffer[] = [];
  for await (const chunk of withStallLimit(source, LIMIT)) {
    chunks.push(chunk);
    // The stream's read-ahead comes first, because the source already has it.
    for (let n = 0; n < 3; n++) await new Promise<void>((done) => process.nextTick(done));
    vi.advanceTimersByTime(10 * LIMIT);
  }
  expect(Buffer.concat(chunks).equals(content)).toBe(true);
});

test('each chunk restarts the limit; if none comes, both streams end', async () => {
  const source = new PassThrough();
  const reading = withStallLimit(source, LIMIT)[Symbol.asyncIterator]();
  for (let n = 0; n < 5; n++) {
    const next = reading.next();
    vi.advanceTimersByTime(LIMIT - 1);
    source.write('x');
    expect(String((await next).value)).toBe('x');
  }
  const last = reading.next();
  vi.advanceTimersByTime(LIMIT + 1);
  await expect(last).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(source.destroyed).toBe(true);
});
