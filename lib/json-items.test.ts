import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyText, jsonSource, spaces } from '../test/support/json-source.ts';
import { factsOf } from '../test/support/slow-json.ts';
import { cutItems, cutLines } from './json-items.ts';

const MOST = 1000;

/** Returns the result of JSON.parse; undefined if it throws. */
function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

describe('cutItems', () => {
  test('cuts any array, however it is written, into items that parse to its elements', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(spaces, jsonSource, spaces), { maxLength: 8 }), spaces, spaces, (parts, before, after) => {
        const text = `${before}[${parts.map((part) => part.join('')).join(',') || ' '}]${after}`;
        const items = cutItems(text, MOST);
        expect(items?.map((item) => JSON.parse(item.text))).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  test('returns a value that is not an array as the only item', () => {
    fc.assert(
      fc.property(spaces, jsonSource, spaces, (before, source, after) => {
        fc.pre(!source.startsWith('['));
        const items = cutItems(before + source + after, MOST);
        expect(items?.map((item) => JSON.parse(item.text))).toEqual([JSON.parse(source)]);
      }),
      { numRuns: 500 },
    );
  });

  test('accepts exactly what JSON.parse accepts', () => {
    const piece = fc.constantFrom(
      ...'[]{},:"\\ \t\n\r\u00a0\ufeff\u2028015eE+-.',
      'data',
      'true',
      'null',
      '"a"',
      '\\u0041',
      '1e9999',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join('')),
        ),
        (text) => {
          const items = cutItems(text, MOST);
          const whole = parsed(text);
          const each = items?.map((item) => parsed(item.text));
          if (!whole) expect(each === undefined || each.includes(undefined)).toBe(true);
          else expect(each?.map((one) => one?.value)).toEqual(Array.isArray(whole.value) ? whole.value : [whole.value]);
        },
      ),
      { numRuns: 5000 },
    );
  });

  test('finds the source text of `data`, the number of members and the depth', () => {
    fc.assert(
      fc.property(
        jsonSource,
        spaces,
        fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }),
        (source, space, others) => {
          const { data: _, ...rest } = others;
          const members = Object.entries(rest).map(
            ([name, value]) => `${JSON.stringify(name)}:${space}${JSON.stringify(value)}`,
          );
          const text = `{${[...members, `"data"${space}:${space}${source}${space}`].reverse().join(`${space},`)}}`;
          const [item] = cutItems(text, MOST) ?? [];
          expect(item?.data).toBe(source);
          const { members: count, depth } = factsOf(text);
          expect(item).toMatchObject({ members: count, depth });
        },
      ),
      { numRuns: 500 },
    );
  });

  test('stops one item after the limit', () => {
    expect(cutItems(`[${'1,'.repeat(99_999)}1]`, MOST)).toHaveLength(MOST + 1);
  });

  test.each([
    ['backslashes', '\\'],
    ['quotes', '"'],
    ['escaped quotes', '\\"'],
    ['escaped backslashes and a quote', '\\\\"'],
    ['open brackets', '['],
    ['closing brackets', ']'],
    ['open braces', '{"a":'],
    ['colons', ':'],
    ['exponents', '1e'],
    ['commas', ','],
    ['spaces', ' '],
    ['no-break spaces', '\u00a0'],
  ])('a megabyte of %s is cut in less than two seconds', (_, piece) => {
    const megabyte = piece.repeat(Math.ceil(1_000_000 / piece.length));
    for (const text of [megabyte, `"${megabyte}`, `["${megabyte}`, `{"data":"${megabyte}`, `[${megabyte}]`, `1${megabyte}1`]) {
      const started = performance.now();
      cutItems(text, MOST);
      cutLines(text, MOST);
      expect(performance.now() - started).toBeLessThan(2_000);
    }
  });
});

test('cutLines returns one item per line, skips empty lines, and checks each line as a whole', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          jsonSource.map((source) => source.replace(/[\r\n]/g, ' ')),
          fc.constant(' '),
        ),
        { maxLength: 8 },
      ),
      (lines) => {
        const filled = lines.filter((line) => line.trim() !== '');
        const items = cutLines(lines.join('\r\n'), MOST);
        expect(items.map((item) => JSON.parse(item.text))).toEqual(filled.map((line) => JSON.parse(line)));
      },
    ),
  );
  expect(cutLines('{"a":1},\n1 2\n[1],[2]\n\u00a01', MOST).map((item) => parsed(item.text))).toEqual(Array(4).fill(undefined));
});
