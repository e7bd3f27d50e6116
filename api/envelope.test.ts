import fc from 'fast-check';
import { DateTime } from 'luxon';
import { describe, expect, test } from 'vitest';
import { anyText, jsonSource, spaces, stringSource } from '../test/json-source.ts';
import { factsOf } from '../test/slow-json.ts';
import { type Accepted, type Context, parseTime, type Refusal, readEvent } from './envelope.ts';
import { cutItems, type JsonItem } from './json-items.ts';

const NOW = Date.UTC(2026, 1, 28, 12);

const context: Context = {
  keyId: '0199f000-0000-7000-8000-000000000001',
  keyName: 'the key',
  types: {
    check: () => undefined,
    handling: () => ({ plainSubject: true, fields: undefined, needsConsent: false }),
    pseudonym: (value) => value,
    isWithdrawn: () => false,
  },
  maxEventBytes: 65_536,
  oldest: NOW - 90 * 24 * 3600_000,
  now: NOW,
};

const read = (text: string) => readEvent((cutItems(text, 1) as [JsonItem])[0], 0, context);
const codeOf = (verdict: Accepted | Refusal) => ('row' in verdict ? 'accepted' : verdict.code);

describe('readEvent', () => {
  test('gives a verdict on anything that can be cut, or says that it is no JSON', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          anyText.map((text) => `{"type":"a","data":${text}}`),
        ),
        (text) => {
          for (const item of cutItems(text, 10) ?? []) {
            try {
              expect(codeOf(readEvent(item, 0, context))).toMatch(/^[a-z-]+$/);
            } catch (error) {
              expect(error).toBeInstanceOf(SyntaxError);
            }
          }
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('refuses a repeated key, U+0000 and halves of pairs wherever they stand, and nothing else of that kind', () => {
    const name = fc.constantFrom(
      '"a"',
      '"\\u0061"',
      '"b"',
      '"__proto__"',
      '"data"',
      '"d\\u0061ta"',
      '"\\ud83d\\ude00"',
      '"\\ud83d"',
      '"x\\u0000"',
    );
    const object = fc
      .array(fc.tuple(fc.oneof(name, stringSource), fc.oneof(fc.constant('1'), jsonSource)), { maxLength: 4 })
      .map((members) => `{${members.map((member) => member.join(':')).join(',')}}`);
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        fc.oneof(
          object,
          object.map((inner) => `{"x":[${inner}]}`),
        ),
        (data) => {
          const text = `{"type":"a","data":${data}}`;
          const { repeatedKey, unstorable } = factsOf(text);
          const expected = repeatedKey ? 'duplicate-key' : unstorable ? 'unstorable-text' : 'accepted';
          seen.add(expected);
          expect(codeOf(read(text))).toBe(expected);
        },
      ),
      { numRuns: 3000 },
    );
    expect([...seen].sort()).toEqual(['accepted', 'duplicate-key', 'unstorable-text']);
  });

  test('stores the very text of `data`, and the other attributes with their values', () => {
    fc.assert(
      fc.property(spaces, jsonSource, fc.jsonValue(), (space, source, extension) => {
        const data = `{"v":${space}${source}}`;
        const text = `{"ext":${JSON.stringify(extension)},${space}"data":${space}${data}${space},"type":"a"}`;
        const { repeatedKey, unstorable } = factsOf(text);
        fc.pre(!repeatedKey && !unstorable);
        const verdict = read(text) as Accepted;
        expect(verdict.row.data).toBe(data);
        expect(verdict.row.bytes).toBe(Buffer.byteLength(text));
        const kept = verdict.row.attributes === null ? {} : JSON.parse(verdict.row.attributes);
        expect(kept).toEqual(extension === null ? {} : { ext: JSON.parse(JSON.stringify(extension)) });
      }),
    );
  });

  test('takes numbers that double precision holds and no others', () => {
    const verdicts = [
      '1e308',
      '-1.7976931348623157e308',
      '1e-300',
      '0e9',
      '1e309',
      '-1e400',
      '1e99999',
      `1${'0'.repeat(400)}`,
    ].map((number) => codeOf(read(`{"type":"a","data":{"n":${number}}}`)));
    expect(verdicts).toEqual([...Array(4).fill('accepted'), ...Array(4).fill('number-out-of-range')]);
    expect(codeOf(read('{"type":"a","data":{"text":"1e99999"}}'))).toBe('accepted');
  });

  test('counts characters, not the units of their encoding', () => {
    const id = (text: string) => codeOf(read(JSON.stringify({ type: 'a', id: text })));
    expect(['😀'.repeat(200), 'ã'.repeat(200), '😀'.repeat(201), ''].map(id)).toEqual([
      'accepted',
      'accepted',
      'invalid-id',
      'invalid-id',
    ]);
  });

  test('looks 64 levels deep and no deeper', () => {
    const nested = (levels: number) =>
      codeOf(read(`{"type":"a","data":{"x":${'['.repeat(levels - 2)}${']'.repeat(levels - 2)}}}`));
    expect([64, 65, 20_000].map(nested)).toEqual(['accepted', 'too-deep', 'too-deep']);
  });

  test('holds to the retention and ten minutes of future', () => {
    const at = (ms: number) => codeOf(read(JSON.stringify({ type: 'a', time: new Date(ms).toISOString() })));
    expect(at(context.oldest)).toBe('accepted');
    expect(at(context.oldest - 1)).toBe('too-old');
    expect(at(NOW + 600_000)).toBe('accepted');
    expect(at(NOW + 600_001)).toBe('in-future');
  });
});

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
        near(60),
        near(59),
        fraction,
        zone,
        (y, month, day, h, m, s, ms, offset) => {
          const text = `${String(y).padStart(4, '0')}-${two(month)}-${two(day)}T${two(h)}:${two(m)}:${two(s)}${ms}${offset}`;
          const [hours, minutes] = offset.length > 1 ? offset.slice(1).split(':').map(Number) : [0, 0];
          const other = DateTime.fromISO(text.toUpperCase(), { zone: 'utc' });
          // luxon also takes 24:00 and times without zone, which RFC 3339 does not have, and offsets of any size.
          const valid = other.isValid && h < 24 && offset !== '' && (hours as number) < 24 && (minutes as number) < 60;
          expect([text, parseTime(text)]).toEqual([text, valid ? other.toMillis() * 1000 : undefined]);
        },
      ),
      { numRuns: 5000 },
    );
  });

  test('keeps microseconds, cuts finer digits, takes a leap second, refuses everything else', () => {
    const noon = Date.UTC(2026, 0, 31, 12) * 1000;
    expect(parseTime('2026-01-31T12:00:00.1234567Z')).toBe(noon + 123_456);
    expect(parseTime('2026-01-31 12:00:00.5+00:00')).toBe(noon + 500_000);
    expect(parseTime('2026-01-31T11:59:60Z')).toBe(noon);
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
});
