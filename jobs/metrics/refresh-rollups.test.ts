import { expect, test } from 'vitest';
import { partsOf, rangesOf } from './refresh-rollups.ts';

const HOUR = 3_600_000;
const hourly = { width: HOUR, materialisedTo: 10 * HOUR };

test('the full buckets since the last refresh are one range, and the current one stays live', () => {
  expect(rangesOf(hourly, [], 12.5 * HOUR)).toEqual([{ from: 10 * HOUR, to: 12 * HOUR }]);
  expect(rangesOf(hourly, [], 10.9 * HOUR)).toEqual([]);
});

test('adjacent dirty buckets are one range, and join the full buckets that follow', () => {
  expect(
    rangesOf(
      hourly,
      [9, 3, 2, 6, 3].map((n) => n * HOUR),
      11.5 * HOUR,
    ),
  ).toEqual([
    { from: 2 * HOUR, to: 4 * HOUR },
    { from: 6 * HOUR, to: 7 * HOUR },
    { from: 9 * HOUR, to: 11 * HOUR },
  ]);
});

test('an hour that is still live needs no refresh', () => {
  expect(rangesOf(hourly, [10 * HOUR, 11 * HOUR], 10.5 * HOUR)).toEqual([]);
});

test('a dirty hour makes its day dirty', () => {
  const daily = { width: 24 * HOUR, materialisedTo: 48 * HOUR };
  expect(rangesOf(daily, [25 * HOUR, 30 * HOUR, 49 * HOUR], 49 * HOUR)).toEqual([{ from: 24 * HOUR, to: 48 * HOUR }]);
});

test('after a long downtime, ranges are split into weeks', () => {
  const ranges = rangesOf({ width: HOUR, materialisedTo: 0 }, [], 400 * HOUR);
  expect(ranges).toEqual([
    { from: 0, to: 168 * HOUR },
    { from: 168 * HOUR, to: 336 * HOUR },
    { from: 336 * HOUR, to: 400 * HOUR },
  ]);
});

test('parts are the ended buckets of the tenants that a mark names, adjacent ones as one', () => {
  const mark = (hour: number, tenants: string[] | null) => ({ hour: hour * HOUR, forced: false, tenants });
  expect(partsOf(hourly, [mark(3, ['a', 'b']), mark(2, ['a']), mark(7, ['b']), mark(5, null), mark(10, ['a'])])).toEqual([
    { tenant: 'a', from: 2 * HOUR, to: 4 * HOUR },
    { tenant: 'b', from: 3 * HOUR, to: 4 * HOUR },
    { tenant: 'b', from: 7 * HOUR, to: 8 * HOUR },
  ]);
});
