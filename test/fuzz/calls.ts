import type { Json } from '../support/api.ts';

type Schema = Record<string, Json>;

/** One call of the OpenAPI document, reduced to what a request needs. */
export type Operation = {
  method: string;
  path: string;
  scopes: string[];
  parameters: { name: string; in: 'path' | 'query' | 'header'; required?: boolean; schema: Schema }[];
  /** By media type. */
  bodies: [string, Schema][];
  /** Documented statuses whose body is not a problem document. */
  statuses: number[];
  isPage: boolean;
};

/** Every call of an OpenAPI document. */
export function operationsOf(document: Json): Operation[] {
  return Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      scopes: operation['x-scopes'] ?? [],
      parameters: [...(operation.parameters ?? []), ...(operation.security ?? []).flatMap(tokenOf)],
      bodies: Object.entries<Json>(operation.requestBody?.content ?? {}).map(([type, { schema }]) => [type, schema]),
      statuses: Object.entries<Json>(operation.responses)
        .filter(([, { content = {} }]) => 'application/json' in content)
        .map(([status]) => Number(status)),
      isPage: Object.values<Json>(operation.responses).some(({ content = {} }) => 'text/html' in content),
    })),
  );
}

// A call that accepts only a token needs one.
function tokenOf(way: Json, _: number, { length }: Json[]): Operation['parameters'] {
  return 'viewer' in way ? [{ name: 'token', in: 'query', required: length === 1, schema: { type: 'string' } }] : [];
}

/** A valid value for a member of that name, or of that schema, with all required members. */
export function sample(schema: Schema, known: Record<string, unknown>, name = ''): unknown {
  if (name in known) return known[name];
  if ('const' in schema) return schema.const;
  if ('default' in schema) return schema.default;
  if (schema.enum) return schema.enum[0];
  const [variant] = schema.anyOf ?? schema.oneOf ?? [];
  if (variant) return sample(variant, known, name);
  if (schema.type === 'object' || schema.properties) {
    const properties = Object.entries<Schema>(schema.properties ?? {});
    const needed = properties.filter(([member]) => schema.required?.includes(member));
    return Object.fromEntries(needed.map(([member, of]) => [member, sample(of, known, member)]));
  }
  if (schema.type === 'array') return schema.minItems || schema.items.properties ? [sample(schema.items, known, name)] : [];
  if (schema.type === 'integer' || schema.type === 'number') return schema.minimum ?? 1;
  if (schema.type === 'boolean') return true;
  if (schema.format === 'date-time') return known.from;
  return 'x';
}

/** Pointers to every place of a body, and to an unknown member of each object. */
export function pointersOf(schema: Schema, at: string[] = []): string[][] {
  const variants: Schema[] = schema.anyOf ?? schema.oneOf ?? [];
  const below = variants.flatMap((variant) => pointersOf(variant, at));
  const members = Object.entries<Schema>(schema.properties ?? {}).flatMap(([name, of]) => pointersOf(of, [...at, name]));
  const items = schema.items ? pointersOf(schema.items, [...at, '0']) : [];
  const extra = schema.type === 'object' || schema.properties ? [[...at, '*']] : [];
  const found = [...(at.length > 0 ? [at] : []), ...below, ...members, ...items, ...extra];
  return [...new Map(found.map((pointer) => [pointer.join('/'), pointer])).values()];
}

const HOLE = '@@hole@@';

/**
 * The JSON of a body with `value`, which need not be valid JSON, at the pointer; `*` is a member named `key`. Missing
 * parents are created.
 */
export function bodyWith(body: unknown, pointer: string[], value: string, key: string): string {
  const put = (into: unknown, [step, ...rest]: string[]): unknown => {
    if (step === undefined) return HOLE;
    if (step === '0') return [put((into as unknown[] | undefined)?.[0], rest)];
    const members = Object.entries((into ?? {}) as Record<string, unknown>);
    const name = step === '*' ? key : step;
    const inner = members.find(([member]) => member === name)?.[1];
    return Object.fromEntries([...members.filter(([member]) => member !== name), [name, put(inner, rest)]]);
  };
  return JSON.stringify(put(body, pointer)).replace(`"${HOLE}"`, () => value);
}
