import fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, test } from 'vitest';
import { anyText } from '../test/support/json-source.ts';
import { parseTime } from './time.ts';

describe('parseTime', () => {
  const two = (value: number) => String(value).padStart(2, '0');
  const near = (most: number) => fc.integer({ min: 0, max: most });

  test('agrees with luxon on every date, leap days and offsets included', () => {
    const year = fc.oneof(fc.integer({ min: 0, max: 9999 }), fc.constantFrom(0, 4, 100, 1900, 2000, 2024, 2026, 2100));
    const zone = fc.oneof(
      fc.constantFrom('Z', 'z', ''),
      fc.tuple(fc.constantFrom('+', '-'), near(25), near(61)).map(([sign, h, m]) => `${sign}${two(h)}:${two(m)}`),
    );
    const fraction = fc.oneof(
      fc.constant(''),
      fc.nat(999).map((ms) => `.${String(ms).padStart(3, '0')}`),
    );
    fc.assert(
      fc.property(
        year,
        near(13),
        near(32),
        near(24),
        near(59),
        near(59),
        fraction,
        zone,
        (y, month, day, h, m, s, ms, offset) => {
          const text = `${String(y).padStart(4, '0')}-${two(month)}-${two(day)}T${two(h)}:${two(m)}:${two(s)}${ms}${offset}`;
          const [hours, minutes] = offset.length > 1 ? offset.slice(1).split(':').map(Number) : [0, 0];
          const other = DateTime.fromISO(text.toUpperCase(), { zone: 'utc' });
          // luxon also accepts 24:00, times without a zone and offsets of any size, which RFC 3339 does not.
          const valid = other.isValid && h < 24 && offset !== '' && (hours as number) < 24 && (minutes as number) < 60;
          expect([text, parseTime(text)]).toEqual([text, valid ? other.toMillis() * 1000 : undefined]);
        },
      ),
      { numRuns: 5000 },
    );
  });

  test('keeps microseconds, truncates finer digits, rejects everything else', () => {
    const noon = Date.UTC(2026, 0, 31, 12) * 1000;
    expect(parseTime('2026-01-31T12:00:00.1234567Z')).toBe(noon + 123_456);
    expect(parseTime('2026-01-31 12:00:00.5+00:00')).toBe(noon + 500_000);
    expect(parseTime('1969-12-31T23:59:59.999999Z')).toBe(-1);
    const none = [
      '2026-01-31',
      '2026-01-31T12:00Z',
      '2026-01-31T12:00:00',
      '2026-01-31T12:00:00+0000',
      '+12026-01-31T12:00:00Z',
      ' 2026-01-31T12:00:00Z',
      '2026-01-31T12:00:00.Z',
      '٢٠٢٦-01-31T12:00:00Z',
    ];
    expect(none.map(parseTime)).toEqual(none.map(() => undefined));
  });

  test('never throws', () => {
    fc.assert(fc.property(anyText, (text) => parseTime(text) === undefined));
  });

  test('accepts second 60 only where a leap second can be, and keeps it in its day', () => {
    const lastOf = (day: string) => (Date.parse(`${day}T23:59:59.000Z`) + 1000) * 1000 - 1;
    expect(parseTime('2026-06-30T23:59:60Z')).toBe(lastOf('2026-06-30'));
    expect(parseTime('2016-12-31T23:59:60.75Z')).toBe(lastOf('2016-12-31'));
    expect(parseTime('2016-12-31T20:59:60-03:00')).toBe(lastOf('2016-12-31'));
    expect(parseTime('2017-01-01T05:29:60+05:30')).toBe(lastOf('2016-12-31'));
    const none = ['2026-01-31T11:59:60Z', '2026-03-31T23:59:60Z', '2026-06-30T23:59:60-03:00', '2026-07-01T23:59:60Z'];
    expect(none.map(parseTime)).toEqual(none.map(() => undefined));
  });
});
