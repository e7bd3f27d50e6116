import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutItems, type JsonItem } from '../../lib/json-items.ts';
import { anyText, jsonSource, spaces, stringSource } from '../../test/support/json-source.ts';
import { factsOf } from '../../test/support/slow-json.ts';
import { type Accepted, type Context, type Refusal, readEvent } from './envelope.ts';

const NOW = Date.UTC(2026, 1, 28, 12);

const context: Context = {
  keyId: '0199f000-0000-7000-8000-000000000001',
  keyName: 'the key',
  types: {
    check: () => undefined,
    handling: () => ({ plainSubject: true, fields: undefined, needsConsent: false, keptMs: Number.POSITIVE_INFINITY }),
    pseudonym: (value) => value,
    withdrawalHash: (subject) => subject,
    isWithdrawn: () => false,
  },
  maxEventBytes: 65_536,
  oldest: NOW - 90 * 24 * 3600_000,
  now: NOW,
};

const read = (text: string) => readEvent((cutItems(text, 1) as [JsonItem])[0], 0, context);
const codeOf = (verdict: Accepted | Refusal) => ('row' in verdict ? 'accepted' : verdict.code);

describe('readEvent', () => {
  test('returns a verdict on every item that can be cut, or reports that it is not JSON', () => {
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

  test('refuses a repeated key, U+0000 and lone surrogates in any place, and accepts similar input', () => {
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

  test('stores the source text of `data`, and the values of the other attributes', () => {
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

  test('accepts only numbers that double precision can hold', () => {
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

  test('counts characters, not UTF-16 units', () => {
    const id = (text: string) => codeOf(read(JSON.stringify({ type: 'a', id: text })));
    expect(['😀'.repeat(200), 'ã'.repeat(200), '😀'.repeat(201), ''].map(id)).toEqual([
      'accepted',
      'accepted',
      'invalid-id',
      'invalid-id',
    ]);
  });

  test('accepts 64 levels of nesting and no more', () => {
    const nested = (levels: number) =>
      codeOf(read(`{"type":"a","data":{"x":${'['.repeat(levels - 2)}${']'.repeat(levels - 2)}}}`));
    expect([64, 65, 20_000].map(nested)).toEqual(['accepted', 'too-deep', 'too-deep']);
  });

  test('refuses events older than the retention or more than ten minutes in the future', () => {
    const at = (ms: number) => codeOf(read(JSON.stringify({ type: 'a', time: new Date(ms).toISOString() })));
    expect(at(context.oldest)).toBe('accepted');
    expect(at(context.oldest - 1)).toBe('too-old');
    expect(at(NOW + 600_000)).toBe('accepted');
    expect(at(NOW + 600_001)).toBe('in-future');
  });
});
