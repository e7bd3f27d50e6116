import { type ZodType, z } from 'zod';

type Schema = z.core.JSONSchema.BaseSchema;

const FORMATS: Record<string, string> = {
  'date-time': 'a time as RFC 3339 with its offset, e.g. 2026-01-31T12:00:00Z',
  date: 'a date, e.g. 2026-01-31',
  email: 'an e-mail address',
  uri: 'a URL',
  uuid: 'a UUID',
};
const SAFE = Number.MAX_SAFE_INTEGER;

const known = new WeakMap<ZodType, string>();

/** What a schema accepts, in words that follow "must be": `a whole number from 1 to 1000`. */
export function expectation(schema: ZodType | undefined): string {
  if (!schema) return 'valid';
  const words = known.get(schema) ?? describe(schema);
  known.set(schema, words);
  return words;
}

function describe(schema: ZodType): string {
  // The members of an object are not described, so its schema is not converted.
  if (schema instanceof z.ZodObject || schema instanceof z.ZodRecord) return 'an object';
  return wordsFor(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
}

function wordsFor(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.length === 1 ? JSON.stringify(schema.enum[0]) : `one of ${schema.enum.join(', ')}`;
  const choices = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined;
  if (choices) return [...new Set(choices.map(wordsFor))].join(' or ');
  switch (schema.type) {
    case 'string':
      return `${FORMATS[schema.format ?? ''] ?? 'a string'}${size(schema.minLength, schema.maxLength, 'character')}${patternOf(schema)}`;
    case 'array':
      return `a list${size(schema.minItems, schema.maxItems, 'item')}`;
    case 'integer':
      return `a whole number${range(schema)}`;
    case 'number':
      return `a number${range(schema)}`;
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'null';
    default:
      return schema.type === 'object' ? 'an object' : 'valid';
  }
}

function patternOf({ format, pattern, allOf = [] }: Schema): string {
  if (format && FORMATS[format]) return '';
  const patterns = [pattern, ...allOf.map((one) => (one as Schema).pattern)].filter((one) => one !== undefined);
  return patterns.length > 0 ? ` that matches ${patterns.join(' and ')}` : '';
}

function size(least: number | undefined, most: number | undefined, what: string): string {
  if (least === undefined && most === undefined) return '';
  const plural = (count: number | undefined) => `${count} ${what}${count === 1 ? '' : 's'}`;
  if (least === most) return ` of ${plural(least)}`;
  if (!least) return ` of at most ${plural(most)}`;
  return most === undefined ? ` of at least ${plural(least)}` : ` of ${least} to ${plural(most)}`;
}

function range(schema: Schema): string {
  const least = Math.max(schema.minimum ?? -SAFE, -SAFE);
  const most = Math.min(schema.maximum ?? SAFE, SAFE);
  const above = schema.exclusiveMinimum === undefined ? [] : [`above ${schema.exclusiveMinimum}`];
  const below = schema.exclusiveMaximum === undefined ? [] : [`below ${schema.exclusiveMaximum}`];
  const between = least > -SAFE && most < SAFE ? [`from ${least} to ${most}`] : [];
  const oneBound = [...(least > -SAFE ? [`of at least ${least}`] : []), ...(most < SAFE ? [`of at most ${most}`] : [])];
  const bounds = [...above, ...below, ...(between.length > 0 ? between : oneBound)];
  return bounds.length > 0 ? ` ${bounds.join(' and ')}` : '';
}
