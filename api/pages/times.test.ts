import { expect, test } from 'vitest';

const { instantOfMinute, minuteOf, windowOf } = await import(new URL('./assets/times.js', import.meta.url).href);

const NOW = Date.parse('2026-11-29T21:40:00Z');

test('each range begins and ends with days and months of the zone', () => {
  const of = (range: string, zone = 'America/Sao_Paulo', now = NOW) => {
    const { from, to } = windowOf(range, zone, now);
    return [from.slice(0, 16), to.slice(0, 16)];
  };
  expect(of('today')).toEqual(['2026-11-29T03:00', '2026-11-29T22:00']);
  expect(of('yesterday')).toEqual(['2026-11-28T03:00', '2026-11-29T03:00']);
  expect(of('24h')).toEqual(['2026-11-28T22:00', '2026-11-29T22:00']);
  expect(of('7d')).toEqual(['2026-11-23T03:00', '2026-11-29T22:00']);
  expect(of('this-month')).toEqual(['2026-11-01T03:00', '2026-11-29T22:00']);
  expect(of('last-month')).toEqual(['2026-10-01T03:00', '2026-11-01T03:00']);
  // January has December before it, and in Berlin October has an hour more.
  expect(of('last-month', 'UTC', Date.parse('2027-01-01T00:10:00Z'))).toEqual(['2026-12-01T00:00', '2027-01-01T00:00']);
  expect(of('last-month', 'Europe/Berlin')).toEqual(['2026-09-30T22:00', '2026-10-31T23:00']);
  expect(of('yesterday', 'Europe/Berlin', Date.parse('2026-10-26T09:00:00Z'))).toEqual([
    '2026-10-24T22:00',
    '2026-10-25T23:00',
  ]);
});

test('a field for a date and a time holds the clock of the zone', () => {
  expect(minuteOf(NOW, 'America/Sao_Paulo')).toBe('2026-11-29T18:40');
  expect(instantOfMinute('2026-11-29T18:40', 'America/Sao_Paulo')).toBe('2026-11-29T21:40:00.000Z');
});
