import { expect, test } from 'vitest';
import { monthAt, monthsBetween, monthsUpTo, quarterOf, shiftMonth } from './months.ts';

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

test('the month of an instant is that of the zone', () => {
  const at = new Date('2026-03-31T23:30:00Z');
  expect([monthAt(at, 'Europe/London'), monthAt(at, 'UTC'), monthAt(at, 'America/Sao_Paulo')]).toEqual([
    '2026-04',
    '2026-03',
    '2026-03',
  ]);
});
