import { expect, test } from 'vitest';
import { createGate } from './home.ts';

test('a tenant that reads all the time does not lock out others', async () => {
  const read = createGate(2, 4);
  const ends: (() => void)[] = [];
  const begun: string[] = [];
  const ask = (tenantId: string) =>
    read(tenantId, () => {
      begun.push(tenantId);
      return new Promise<void>((end) => ends.push(end));
    });
  const greedy = Array.from({ length: 40 }, () => ask('greedy'));
  expect(greedy.filter((one) => one !== undefined)).toHaveLength(3);
  const other = ask('other');
  const third = ask('third');
  await expect.poll(() => begun).toEqual(['greedy', 'other']);
  expect(ask('greedy')).toBeUndefined();
  // A tenant that has used its share is skipped.
  ends[1]?.();
  await other;
  await expect.poll(() => begun).toEqual(['greedy', 'other', 'third']);
  ends[0]?.();
  await greedy[0];
  await expect.poll(() => begun).toEqual(['greedy', 'other', 'third', 'greedy']);
  ends[2]?.();
  ends[3]?.();
  await third;
  await expect.poll(() => ends).toHaveLength(5);
  ends[4]?.();
  await greedy[2];
  expect(ask('greedy')).toBeDefined();
});
