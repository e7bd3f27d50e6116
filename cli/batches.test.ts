import { describe, expect, it } from 'vitest';
import { describeReceipt, emptyReceipt, inBatches } from './batches.ts';

async function cut(lines: string[]): Promise<number[]> {
  const sizes: number[] = [];
  for await (const batch of inBatches(lines)) sizes.push(batch.split('\n').length);
  return sizes;
}

describe('batches of lines', () => {
  it('hold at most 1,000 lines, and skip empty ones', async () => {
    expect(await cut([...Array(2500).keys()].flatMap((n) => [`{"n":${n}}`, '']))).toEqual([1000, 1000, 500]);
  });

  it('hold at most 5 MiB, counted in bytes', async () => {
    const twoMiB = 'é'.repeat(1024 * 1024);
    expect(await cut([twoMiB, twoMiB, twoMiB])).toEqual([2, 1]);
  });

  it('reject a line that is too large for any request, and name it', async () => {
    await expect(cut(['{}', 'x'.repeat(5 * 1024 * 1024)])).rejects.toThrow(/^Line 2 is larger than 5 MiB/);
  });
});

it('a receipt is formatted as a sentence', () => {
  expect(describeReceipt({ ...emptyReceipt(), received: 3, accepted: 1, duplicates: 2 })).toBe(
    '3 received: 1 accepted, 2 duplicates.',
  );
});
