import { expect, test } from 'vitest';
import { eachItem } from './each.ts';

const telling = (lines: object[], isFatal?: (error: unknown) => boolean) => ({
  log: { error: (line: object) => void lines.push(line) } as never,
  message: 'not done',
  about: (item: number) => ({ item }),
  ...(isFatal && { isFatal }),
});

const failing =
  (...which: number[]) =>
  async (item: number) => {
    if (which.includes(item)) throw new Error(`${item} fails`);
  };

test('a failed item is logged, does not stop the others, and its error is rethrown unchanged', async () => {
  const lines: object[] = [];
  const done: number[] = [];
  const working = eachItem([1, 2, 3], telling(lines), async (item) => {
    await failing(2)(item);
    done.push(item);
  });
  await expect(working).rejects.toThrow(/^2 fails$/);
  expect(done).toEqual([1, 3]);
  expect(lines).toEqual([{ item: 2, err: expect.any(Error) }]);
});

test('several failures are thrown as one error that has them all', async () => {
  const error = await eachItem([1, 2, 3], telling([]), failing(1, 3)).catch((thrown: AggregateError) => thrown);
  expect(error).toBeInstanceOf(AggregateError);
  expect((error as AggregateError).message).toBe('not done: 2 times. The first error: 1 fails');
  expect((error as AggregateError).errors.map(({ message }) => message)).toEqual(['1 fails', '3 fails']);
});

test('a fatal error stops the loop at once; if the iteration fails, earlier failures are thrown too', async () => {
  const seen: number[] = [];
  const working = eachItem(
    [1, 2, 3],
    telling([], () => true),
    async (item) => {
      seen.push(item);
      await failing(2)(item);
    },
  );
  await expect(working).rejects.toThrow('2 fails');
  expect(seen).toEqual([1, 2]);
  async function* items() {
    yield 1;
    throw new Error('no more items');
  }
  const error = await eachItem(items(), telling([]), failing(1)).catch((thrown: AggregateError) => thrown);
  expect((error as AggregateError).errors.map(({ message }) => message)).toEqual(['1 fails', 'no more items']);
});
