import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonSource, spaces } from '../test/support/json-source.ts';
import { compileFields, type Fields, POINTER, replaceFields } from './json-fields.ts';

const mark = (text: string, ...pointers: string[]) =>
  replaceFields(text, compileFields(pointers) as Fields, (source) => `<${source}>`);

test.each([
  ['a member', '{"email":"a@b.c","n":1.10}', ['/email'], '{"email":<"a@b.c">,"n":1.10}'],
  ['every item of an array', '{"c":[{"e":"x"},{"e":"y"},{}]}', ['/c/*/e'], '{"c":[{"e":<"x">},{"e":<"y">},{}]}'],
  ['the items themselves', '{"c": [ 1 , [2], null ]}', ['/c/*'], '{"c": [ <1> , <[2]>, <null> ]}'],
  ['an item by its number', '{"c":[1,2]}', ['/c/1'], '{"c":[1,<2>]}'],
  [
    'a number and a star at once',
    '{"c":[{"a":1,"b":2},{"a":3,"b":4}]}',
    ['/c/0/a', '/c/*/b'],
    '{"c":[{"a":<1>,"b":<2>},{"a":3,"b":<4>}]}',
  ],
  ['arrays of arrays', '[[[1],[2]],[]]', ['/*/*/0'], '[[[<1>],[<2>]],[]]'],
  ['the outer of two', '{"a":{"b":1,"c":[2]}}', ['/a/b', '/a'], '{"a":<{"b":1,"c":[2]}>}'],
  ['an escaped name', '{"a/b":1,"m~n":2,"\\u0061":3}', ['/a~1b', '/m~0n', '/a'], '{"a/b":<1>,"m~n":<2>,"\\u0061":<3>}'],
  ['an empty name', '{"":1}', ['/'], '{"":<1>}'],
  ['brackets, commas and quotes in strings', '{"a":"}],\\"","b":["]"]}', ['/b/*'], '{"a":"}],\\"","b":[<"]">]}'],
  ['nothing where there is none', ' { } ', ['/a/b'], ' { } '],
  ['nothing below what is no object', '{"a":"b"}', ['/a/b', '/a/*'], '{"a":"b"}'],
  ['a star is a name in an object', '{"a":{"*":1,"b":2}}', ['/a/*'], '{"a":{"*":<1>,"b":2}}'],
  [
    'names that every object has',
    '{"__proto__":1,"constructor":2}',
    ['/__proto__', '/toString'],
    '{"__proto__":<1>,"constructor":2}',
  ],
])('%s', (_, text, pointers, expected) => {
  expect(mark(text, ...pointers)).toBe(expected);
});

test('more than 1,000 values are too many', () => {
  const array = (length: number) => JSON.stringify({ c: Array(length).fill(1) });
  expect(mark(array(1_000), '/c/*')).toHaveLength(array(1_000).length + 2_000);
  expect(mark(array(1_001), '/c/*')).toBeUndefined();
});

test('a pointer follows RFC 6901 and has at least one step', () => {
  for (const good of ['/a', '/', '/a/*/b', '/a~0~1', '/é', '//']) expect(good).toMatch(POINTER);
  for (const bad of ['', 'a', '/a~', '/a~2', 'a/b', '#/a']) expect(bad).not.toMatch(POINTER);
});

test('agrees with JSON.parse, and leaves all other text unchanged', () => {
  const step = fc.constantFrom('a', 'b', '*', '0', '1', '');
  const pointers = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 });
  const named = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.jsonValue({ maxDepth: 0 }),
      tie('array'),
      tie('object'),
      jsonSource.map(JSON.parse),
    ),
    array: fc.array(tie('value'), { maxLength: 3 }),
    object: fc.dictionary(fc.constantFrom('a', 'b', '*', '0', ''), tie('value'), { noNullPrototype: true }),
  })).value;
  fc.assert(
    fc.property(named, pointers, fc.constantFrom(0, 2), (value, paths, indent) => {
      const text = JSON.stringify(value, null, indent);
      const fields = compileFields(paths.map((path) => `/${path.join('/')}`)) as Fields;
      const found = replaceFields(text, fields, () => '"hidden"') as string;
      expect(JSON.parse(found)).toEqual(expected(JSON.parse(text), paths));
      expect(replaceFields(text, fields, (source) => source)).toBe(text);
    }),
    { numRuns: 500 },
  );
});

test('reads any JSON source, with white space', () => {
  fc.assert(
    fc.property(jsonSource, spaces, (source, space) => {
      const text = `{${space}"x"${space}:${space}${source}${space},"y":1}`;
      expect(mark(text, '/y')).toBe(text.replace(/1}$/, '<1>}'));
      expect(mark(text, '/x')).toContain(`<${source.trim()}>`);
    }),
  );
});

function expected(value: unknown, paths: string[][]): unknown {
  if (paths.some((path) => path.length === 0)) return 'hidden';
  const below = (...names: string[]) => paths.filter(([step]) => names.includes(step as string)).map((path) => path.slice(1));
  if (Array.isArray(value)) return value.map((item, index) => expected(item, below('*', String(index))));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, expected(member, below(name))]));
}
