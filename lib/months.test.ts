import { expect, test } from 'vitest';
import { monthsBetween, monthsUpTo, quarterOf, shiftMonth } from './months.ts';

test('months are counted over the end of a year', () => {
  expect([shiftMonth('2026-01', -1), shiftMonth('2026-12', 1), shiftMonth('2026-05', 24)]).toEqual([
    '2025-12',
    '2027-01',
    '2028-05',
  ]);
  expect(monthsUpTo('2027-01', 3)).toEqual(['2026-11', '2026-12', '2027-01']);
  expect(monthsBetween('2026-11', '2027-02')).toEqual(['2026-11', '2026-12', '2027-01', '2027-02']);
  expect(monthsBetween('2026-11', '2026-10')).toEqual([]);
  expect([quarterOf('2026-03'), quarterOf('2026-10')]).toEqual(['2026-Q1', '2026-Q4']);
});
