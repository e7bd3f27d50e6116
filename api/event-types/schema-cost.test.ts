import formats from 'ajv-formats/dist/formats.js';
import { expect, test } from 'vitest';
import { withinTime } from '../http/time-limit.ts';
import { compileSchema } from './event-types.ts';
import { schemaCost } from './schema-cost.ts';

type Schema = Record<string, unknown>;

const ref = (name: string) => ({ $ref: `#/$defs/${name}` });
/** Each level refers to the next one twice: 2^levels visits. */
const doubling = (levels: number, via: (next: Schema) => Schema): Schema => {
  const defs = Array.from({ length: levels }, (_, n) => [`l${n}`, via(ref(`l${n + 1}`))]);
  return { ...ref('l0'), $defs: Object.fromEntries([...defs, [`l${levels}`, { type: 'number' }]]) };
};
const told = (schema: Schema) => {
  try {
    compileSchema(schema);
    return 'taken';
  } catch (error) {
    const { status, errors } = error as { status: number; errors: { detail: string }[] };
    return `${status} ${errors[0]?.detail}`;
  }
};

test.each([
  ['anyOf', (next: Schema) => ({ anyOf: [next, next] })],
  ['oneOf', (next: Schema) => ({ oneOf: [next, { not: next }] })],
  ['allOf', (next: Schema) => ({ allOf: [next, next] })],
  ['if', (next: Schema) => ({ if: next, else: next })],
  ['properties', (next: Schema) => ({ properties: { a: next }, patternProperties: { a: next } })],
  ['items', (next: Schema) => ({ items: next, contains: next })],
  ['dependentSchemas', (next: Schema) => ({ dependentSchemas: { a: next, b: next } })],
  ['additionalProperties', (next: Schema) => ({ additionalProperties: next, unevaluatedProperties: next })],
])('choices by %s that double at each level are refused, but a few levels are accepted', (_, via) => {
  expect(told(doubling(200, via))).toMatch(/^422 The schema has more than 10,000 parts/);
  expect(told(doubling(6, via))).toBe('taken');
});

test.each([
  ['itself', { $ref: '#' }],
  ['itself by its id', { $id: 'https://example.com/a', $ref: 'https://example.com/a#' }],
  ['a tree', { $defs: { node: { properties: { next: ref('node') } } }, ...ref('node') }],
  ['a name called $defs', { properties: { $defs: { items: { $ref: '#/properties/$defs' } } } }],
  ['an escaped name', { properties: { 'a/b~c d': { not: { $ref: '#/properties/a~1b~0c%20d' } } } }],
  ['an anchor', { $anchor: 'top', properties: { a: { $ref: '#top' } } }],
  ['a dynamic anchor', { $dynamicAnchor: 'node', items: { $dynamicRef: '#node' } }],
  ['the old word', { $recursiveAnchor: true, items: { $recursiveRef: '#' } }],
])('recursion through %s is refused with an explanation', (_, schema) => {
  expect(told(schema)).toMatch(/^422 The schema is recursive/);
});

test('a reference that cannot be followed is refused', () => {
  const inner = { $id: 'https://example.com/inner', type: 'object' };
  expect(told({ properties: { a: inner } })).toMatch(/`\$id` is only accepted at the top/);
  expect(told({ $ref: '#/$defs/a/not', $defs: { a: { ...inner, not: {} } } })).toMatch(/`\$id` is only accepted at the top/);
  expect(told({ $ref: 'https://example.com/inner', $defs: { inner } })).toMatch(/to a place in the same schema/);
  expect(told({ $ref: '#a', $defs: { a: { $anchor: 'a' } }, enum: [{ $anchor: 'a' }] })).toMatch(/exactly one anchor/);
  expect(told({ description: 'x'.repeat(65_536) })).toBe('422 The schema is longer than 64 KiB.');
});

test('common schemas are accepted: shared parts, anchors, an id, names like keywords', () => {
  const money = { type: 'object', properties: { amount: { type: 'number' }, currency: { pattern: '^[A-Z]{3}$' } } };
  const properties = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`field${n}`, ref('money')]));
  const { validate } = compileSchema({ $id: 'https://example.com/order', properties, $defs: { money } });
  expect([validate({ field7: { currency: 'BRL' } }), validate({ field7: { currency: 'brl' } })]).toEqual([true, false]);
  expect(told({ properties: { $id: { type: 'string' }, $ref: { type: 'string' } } })).toBe('taken');
  expect(told({ $defs: { a: { $anchor: 'a' } }, items: { $ref: '#a' } })).toBe('taken');
  expect(schemaCost({ type: 'object', properties: { a: { type: 'string' } } })).toBeLessThan(10);
});

test('unique items are compared as JSON values', () => {
  const { validate } = compileSchema({ uniqueItems: true });
  const twice = [
    [1, 1.0],
    [
      { a: 1, b: [2] },
      { b: [2], a: 1 },
    ],
    [null, null],
  ];
  const once = [
    [1, '1', true, null, 'true'],
    [[1], { 0: 1 }, [[1]]],
    [{ a: 1 }, { a: 2 }],
  ];
  expect(twice.map((items) => validate(items))).toEqual([false, false, false]);
  expect(once.map((items) => validate(items))).toEqual([true, true, true]);
});

// CPU time, not wall-clock time, which also passes while other tests run.
const milliseconds = (work: () => unknown) => {
  const times = [1, 2, 3, 4, 5].map(() => {
    const started = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(started);
    return (user + system) / 1000;
  });
  return Math.min(...times);
};
const eightfold = (work: (size: number) => () => unknown) => {
  const [small, large] = [work(1), work(8)];
  return milliseconds(large) / Math.max(milliseconds(small), 0.5);
};

test('eight times the items take no more than linear time', () => {
  const { validate } = compileSchema({ uniqueItems: true });
  const items = (count: number) => Array.from({ length: count }, (_, n) => ({ a: n }));
  expect(
    eightfold((size) => {
      const given = items(750 * size);
      return () => validate(given);
    }),
  ).toBeLessThan(24);
});

// Parts of texts that make a backtracking expression try every way to split a text.
const STARTS = ['', 'a', 'a:', 'http://', 'http://a.', '/', '#/', '0', 'P1Y', '2020-01-01T00:00:00.', 'a@', '{', '::', '['];
const MIDDLES = 'a 0 . - : / @ % %20 { } ~ # :: a. a- .a a: ~0 /a {a} {a, a= == AAAA 1. \u00a1-'.split(' ');
const ENDS = ['', '!', '\n', '@', '.', '}', '\\'];

test.each(formats.formatNames.filter((name) => formats.fullFormats[name] !== true))(
  'no text makes the format %s slow',
  (name) => {
    const { validate } = compileSchema({ format: name });
    const worst = (length: number) => () => {
      for (const start of STARTS) {
        for (const middle of MIDDLES) {
          for (const end of ENDS) validate(start + middle.repeat(length / middle.length) + end);
        }
      }
    };
    expect(eightfold((size) => worst(1_000 * size))).toBeLessThan(24);
  },
);

test('work that blocks the process is stopped, an error is passed on, and the next work runs', () => {
  const started = performance.now();
  expect(withinTime(50, () => /^(a+)+$/.test(`${'a'.repeat(60)}!`))).toBeUndefined();
  expect(performance.now() - started).toBeLessThan(5_000);
  expect(() =>
    withinTime(50, () => {
      throw new TypeError('x');
    }),
  ).toThrow(TypeError);
  expect(withinTime(50, () => 7)).toBe(7);
});
