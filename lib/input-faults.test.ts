import { expect, it } from 'vitest';
import { type ZodType, z } from 'zod';
import { didYouMean, nameOf, quoted, readInput } from './input-faults.ts';

const UUID = '019aa0a0-0000-7000-8000-000000000000';

const schema = z.strictObject({
  name: z.string().min(1).max(5).optional(),
  code: z.string().length(2).optional(),
  least: z.string().min(3).optional(),
  line: z.string().regex(/^a+$/).optional(),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'must be two capital letters')
    .optional(),
  id: z.uuid().optional(),
  small: z.uuid().lowercase().optional(),
  address: z.email().max(20).optional(),
  url: z.url().optional(),
  at: z.iso.datetime({ offset: true }).optional(),
  own: z.iso.datetime({ offset: true, error: 'must be a time of ours' }).optional(),
  day: z.iso.date().optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  share: z.number().min(0).lt(1).optional(),
  count: z.int().optional(),
  whole: z.number().int().min(1).optional(),
  seconds: z.number().multipleOf(60).optional(),
  positive: z.number().positive().max(9).optional(),
  flag: z.boolean().optional(),
  kind: z.enum(['webhook', 'email']).optional(),
  version: z.literal('1.0').optional(),
  none: z.null().optional(),
  list: z.array(z.uuid()).min(1).max(2).optional(),
  pair: z.tuple([z.number(), z.number()]).optional(),
  filter: z.record(z.string().max(3), z.union([z.string().max(5), z.array(z.string()).min(1)])).optional(),
  target: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('a'), url: z.string() }),
      z.strictObject({ kind: z.literal('b') }),
    ])
    .optional(),
  choice: z.union([z.strictObject({ one: z.string() }), z.strictObject({ two: z.number() })]).optional(),
  dated: z
    .string()
    .refine(() => false, { error: 'is in the past', params: { code: 'out-of-range' } })
    .optional(),
  sentence: z
    .string()
    .refine(() => false, { error: 'That is a sentence.' })
    .optional(),
  silent: z
    .string()
    .refine(() => false)
    .optional(),
  steps: z.preprocess((steps) => steps, z.string().max(3)).optional(),
  made: z
    .string()
    .transform((text) => text)
    .optional(),
  password: z.string().regex(/^x$/).optional(),
  map: z.map(z.string(), z.number()).optional(),
});

const detailsOf = (type: ZodType, input: unknown, options = {}) => readInput(type, input, options).faults?.map((f) => f.detail);

it.each<[unknown, string, string]>([
  [{ name: 5 }, 'invalid-type', '"name" must be a string of 1 to 5 characters; it is 5.'],
  [{ name: '' }, 'too-small', '"name" must be a string of 1 to 5 characters; it is empty.'],
  [{ name: 'abcdef' }, 'too-big', '"name" must be a string of 1 to 5 characters; it has 6 characters.'],
  [{ code: 'a' }, 'too-small', '"code" must be a string of 2 characters; it has 1 character.'],
  [{ least: 'ab' }, 'too-small', '"least" must be a string of at least 3 characters; it has 2 characters.'],
  [{ line: 'b' }, 'invalid-format', '"line" must be a string that matches ^a+$; it is "b".'],
  [{ country: 'br' }, 'invalid-format', '"country" must be two capital letters; it is "br".'],
  [{ id: 'x' }, 'invalid-format', '"id" must be a UUID; it is "x".'],
  [{ small: UUID.toUpperCase() }, 'invalid-format', `"small" must be in lower case; it is "${UUID.toUpperCase()}".`],
  [{ address: 'x' }, 'invalid-format', '"address" must be an e-mail address of at most 20 characters; it is "x".'],
  [{ url: 'x' }, 'invalid-format', '"url" must be a URL; it is "x".'],
  [{ at: 'now' }, 'invalid-format', '"at" must be a time as RFC 3339 with its offset, e.g. 2026-01-31T12:00:00Z; it is "now".'],
  [{ own: 'now' }, 'invalid-format', '"own" must be a time of ours; it is "now".'],
  [{ day: 'now' }, 'invalid-format', '"day" must be a date, e.g. 2026-01-31; it is "now".'],
  [{ limit: '5000' }, 'too-big', '"limit" must be a whole number from 1 to 1000; it is 5000.'],
  [{ limit: 0 }, 'too-small', '"limit" must be a whole number from 1 to 1000; it is 0.'],
  [{ limit: 'many' }, 'invalid-type', '"limit" must be a whole number from 1 to 1000; it is "many".'],
  [{ limit: '1.5' }, 'invalid-type', '"limit" must be a whole number from 1 to 1000; it is 1.5.'],
  [{ share: 1 }, 'too-big', '"share" must be a number below 1 and of at least 0; it is 1.'],
  [{ count: 1e99 }, 'too-big', '"count" must be a whole number; it is 1e+99.'],
  [{ count: 0.5 }, 'invalid-type', '"count" must be a whole number; it is 0.5.'],
  [{ whole: 0 }, 'too-small', '"whole" must be a whole number of at least 1; it is 0.'],
  [{ seconds: 61 }, 'not-multiple-of', '"seconds" must be a multiple of 60; it is 61.'],
  [{ positive: 0 }, 'too-small', '"positive" must be a number above 0 and of at most 9; it is 0.'],
  [{ flag: 'yes' }, 'invalid-type', '"flag" must be true or false; it is "yes".'],
  [{ kind: 'sms' }, 'invalid-value', '"kind" must be one of webhook, email; it is "sms".'],
  [{ version: '2' }, 'invalid-value', '"version" must be "1.0"; it is "2".'],
  [{ none: 1 }, 'invalid-type', '"none" must be null; it is 1.'],
  [{ list: [] }, 'too-small', '"list" must be a list of 1 to 2 items; it is empty.'],
  [{ list: [UUID, UUID, UUID] }, 'too-big', '"list" must be a list of 1 to 2 items; it has 3 items.'],
  [{ list: {} }, 'invalid-type', '"list" must be a list of 1 to 2 items; it is an object.'],
  [{ list: [UUID, null] }, 'invalid-type', '"list[1]" must be a UUID; it is null.'],
  [{ pair: [1, 'x'] }, 'invalid-type', '"pair[1]" must be a number; it is "x".'],
  [{ filter: { long: 'x' } }, 'invalid-key', 'The name "long" must be a string of at most 3 characters; it has 4 characters.'],
  [{ filter: [] }, 'invalid-type', '"filter" must be an object; it is a list.'],
  [
    { filter: { a: 5 } },
    'invalid-union',
    '"filter.a" must be a string of at most 5 characters or a list of at least 1 item; it is 5.',
  ],
  [{ filter: { a: 'abcdef' } }, 'too-big', '"filter.a" must be a string of at most 5 characters; it has 6 characters.'],
  [{ filter: { a: [1] } }, 'invalid-union', '"filter.a[0]" must be a string; it is 1.'],
  [{ target: { kind: 'c' } }, 'invalid-union', '"target.kind" must be one of a, b; it is "c".'],
  [{ target: {} }, 'invalid-union', '"target.kind" is missing. It must be one of a, b.'],
  [{ target: { kind: 'a' } }, 'invalid-type', '"target.url" is missing.'],
  [{ target: { kind: 'b', x: 1 } }, 'unrecognized-keys', '"x" is not a known member. Known are: kind.'],
  [{ choice: { two: 'x' } }, 'invalid-union', '"choice.two" must be a number; it is "x".'],
  [{ choice: 5 }, 'invalid-union', '"choice" must be an object; it is 5.'],
  [{ dated: 'x' }, 'out-of-range', '"dated" is in the past.'],
  [{ sentence: 'x' }, 'custom', 'That is a sentence.'],
  [{ silent: 'x' }, 'custom', '"silent" is not valid.'],
  [{ steps: 'abcd' }, 'too-big', '"steps" must be a string of at most 3 characters; it has 4 characters.'],
  [{ made: 1 }, 'invalid-type', '"made" must be a string; it is 1.'],
  [{ password: 'hush' }, 'invalid-format', '"password" must be a string that matches ^x$.'],
  [{ map: new Map([['a', 'x']]) }, 'invalid-type', '"map.a" is missing.'],
  [{ nmae: 1 }, 'unrecognized-keys', '"nmae" is not a known member. Did you mean "name"?'],
  [[], 'invalid-type', 'The input must be an object; it is a list.'],
  [undefined, 'invalid-type', 'The input is missing.'],
])('%j: %s', (input, code, detail) => {
  expect(readInput(schema, input).faults).toMatchObject([{ code, detail }]);
});

it('names what is missing, and the values of an enumeration', () => {
  const required = z.object({
    name: z.string().min(1),
    kind: z.enum(['webhook', 'email']),
    at: z.iso.date({ error: 'must be x' }),
  });
  expect(detailsOf(required, {})).toEqual([
    '"name" is missing.',
    '"kind" is missing. It must be one of webhook, email.',
    '"at" is missing.',
  ]);
});

it('suggests the known name for each unknown one, and calls the members of a query parameters', () => {
  const two = z.strictObject({ limit: z.string().optional(), cursor: z.string().optional() });
  expect(detailsOf(two, { limt: '', offset: '' }, { member: 'parameter' })).toEqual([
    '"limt" is not a known parameter. Did you mean "limit"? "offset" is not a known parameter. Known are: limit, cursor.',
  ]);
});

it('shows no secret, little of a long value and no control characters', () => {
  const text = z.object({ url: z.literal('x').optional(), api_key: z.literal('x').optional() });
  expect(detailsOf(text, { api_key: 'hush' })).toEqual(['"api_key" must be "x".']);
  expect(detailsOf(text, { url: 'https://somebody:hush@host/' })?.[0]).not.toContain('hush');
  expect(detailsOf(text, { url: 'hush' }, { isSecret: () => true })).toEqual(['"url" must be "x".']);
  expect(quoted('x'.repeat(500))).toBe(`"${'x'.repeat(40)}…"`);
  expect(quoted('a\u001b[31m\u202e\ud800"')).toBe('"a\\u001b[31m\\u202e�\\""');
  expect(nameOf(['a', 'b', 0, 'c'])).toBe('"a.b[0].c"');
  expect(didYouMean('x', ['name'])).toBe('');
});

it('names a parameter as it was sent, and never returns more than was sent', () => {
  const query = z.strictObject({ type: z.string().max(2).optional() });
  const sentAs = (name: string) => `filter[${name}]`;
  expect(detailsOf(query, { type: 'abc', tpye: '' }, { sentAs })).toEqual([
    '"filter[type]" must be a string of at most 2 characters; it has 3 characters.',
    '"tpye" is not a known member. Did you mean "filter[type]"?',
  ]);
  const list = z.array(z.union([z.uuid(), z.strictObject({ a: z.string() })]));
  const started = performance.now();
  expect(readInput(list, Array(100_000).fill(1)).faults).toHaveLength(100);
  const [unknown] = detailsOf(query, Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`x${n}`, 1]))) ?? [];
  expect(unknown).toMatch(/^"x0" is not a known member\. .* 99990 more are unknown\.$/);
  expect(unknown?.length).toBeLessThan(1_000);
  expect(performance.now() - started).toBeLessThan(5_000);
});
