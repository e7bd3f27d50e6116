import { type ZodType, z } from 'zod';
import { fieldText } from './field-texts.ts';
import type { Tag } from './operation.ts';

export type JsonSchema = Record<string, unknown>;

/** Returns a zod schema as JSON Schema. Each property has a description: its own, or the one for its name. */
export function toJsonSchema(schema: ZodType, io: 'input' | 'output', tag?: Tag): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override({ jsonSchema }) {
      // zod adds the safe-integer range to every integer. It tells the reader nothing.
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      // The format is enough; the pattern that zod adds is longer than the rest of the schema.
      if (jsonSchema.format) delete jsonSchema.pattern;
    },
  }) as JsonSchema;
  return describe(rest, tag) as JsonSchema;
}

// Copies the tree, because zod may use one object in two places.
function describe(schema: unknown, tag: Tag | undefined): unknown {
  if (Array.isArray(schema)) return schema.map((one) => describe(one, tag));
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      if (key === 'default' || key === 'enum' || key === 'const') return [key, value];
      if (key !== 'properties') return [key, describe(value, tag)];
      const properties = Object.entries(value as JsonSchema).map(([name, of]) => [
        name,
        named(name, describe(of, tag) as JsonSchema, tag),
      ]);
      return [key, Object.fromEntries(properties)];
    }),
  );
}

function named(name: string, schema: JsonSchema, tag: Tag | undefined): JsonSchema {
  const text = isDescribed(schema) ? undefined : fieldText(name, tag);
  return text ? { description: text, ...schema } : schema;
}

/** Whether a property or one of its variants has a description. */
export function isDescribed({ description, anyOf, oneOf }: JsonSchema): boolean {
  return Boolean(description) || [anyOf, oneOf].flat().some((one) => Boolean((one as JsonSchema | undefined)?.description));
}
