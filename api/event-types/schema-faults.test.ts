import { expect, it } from 'vitest';
import { compileSchema } from './event-types.ts';
import { schemaFault } from './schema-faults.ts';

it.each<[Record<string, unknown>, unknown, string]>([
  [{ required: ['rows'] }, {}, '"data.rows" is missing.'],
  [{ dependentRequired: { a: ['b'] } }, { a: 1 }, '"data.b" is missing: "data.a" needs it.'],
  [{ additionalProperties: false }, { x: 1 }, '"data.x" is not a member that the schema allows.'],
  [{ unevaluatedProperties: false }, { x: 1 }, '"data.x" is not a member that the schema allows.'],
  [{ propertyNames: { maxLength: 1 } }, { xy: 1 }, '"data" must have at most 1 character.'],
  [{ properties: { 'a/b': { type: 'number' } } }, { 'a/b': 'secret' }, '"data.a/b" must be a number; it is a string.'],
  [{ properties: { a: { type: ['integer', 'null'] } } }, { a: true }, '"data.a" must be a whole number or null; it is true.'],
  [{ properties: { a: { enum: ['x', 1] } } }, { a: 'secret' }, '"data.a" must be one of "x", 1.'],
  [{ properties: { a: { enum: [...Array(20).keys()] } } }, { a: -1 }, '"data.a" must be one of the 20 values of the schema.'],
  [{ properties: { a: { const: 'x' } } }, { a: 'secret' }, '"data.a" must be "x".'],
  [{ properties: { a: { format: 'email' } } }, { a: 'secret' }, '"data.a" must have the format "email".'],
  [{ properties: { a: { pattern: '^x$' } } }, { a: 'secret' }, '"data.a" must match the pattern ^x$.'],
  [{ properties: { a: { minimum: 0 } } }, { a: -1 }, '"data.a" must be >= 0.'],
  [{ properties: { a: { exclusiveMaximum: 0 } } }, { a: 0 }, '"data.a" must be < 0.'],
  [{ properties: { a: { multipleOf: 5 } } }, { a: 1 }, '"data.a" must be a multiple of 5.'],
  [{ properties: { a: { minLength: 3 } } }, { a: '' }, '"data.a" must have at least 3 characters.'],
  [{ properties: { a: { maxLength: 1 } } }, { a: 'secret' }, '"data.a" must have at most 1 character.'],
  [{ properties: { a: { minItems: 1 } } }, { a: [] }, '"data.a" must have at least 1 item.'],
  [{ properties: { a: { maxItems: 1 } } }, { a: [1, 2] }, '"data.a" must have at most 1 item.'],
  [{ properties: { a: { uniqueItems: true } } }, { a: [1, 1] }, '"data.a" must not have an item twice.'],
  [{ properties: { a: { prefixItems: [{}], items: false } } }, { a: [1, 2] }, '"data.a" must have at most 1 item.'],
  [{ minProperties: 1 }, {}, '"data" must have at least 1 member.'],
  [{ maxProperties: 0 }, { a: 1 }, '"data" must have at most 0 members.'],
  [{ oneOf: [{}, {}] }, {}, '"data" must match exactly one of the schema\'s alternatives.'],
  [{ not: {} }, {}, '"data" has a value that the schema forbids.'],
  [{ properties: { a: false } }, { a: 1 }, '"data.a" has a value that the schema forbids.'],
  [{ if: false, else: { required: ['a'] } }, {}, '"data.a" is missing.'],
  [{ properties: { a: { contains: { const: 1 } } } }, { a: [] }, '"data.a" must contain at least 1 valid item(s).'],
])('%j rejects %j', (schema, data, sentence) => {
  const { validate } = compileSchema(schema);
  expect(validate(data)).toBe(false);
  expect(schemaFault(validate.errors?.[0] as never, 'data', data)).toBe(sentence);
});
