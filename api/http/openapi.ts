import { STATUS_CODES } from 'node:http';
import { type ZodType, z } from 'zod';
import { SCOPES } from '../../sql/tenants/tenants.ts';
import type { RouteSpec } from './types.ts';

type Spec = RouteSpec<unknown, unknown, unknown>;
type JsonSchema = Record<string, unknown>;

/** OpenAPI 3.1 of the calls that were registered, from the very schemas that check them. */
export function openApiDocument(specs: Spec[], version: string): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const spec of specs) {
    const path = spec.path.replace(/[:*](\w+)/g, '{$1}');
    paths[path] ??= {};
    paths[path][spec.method] = operation(spec);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Mirante',
      version,
      description:
        'Multi-tenant telemetry. Errors are RFC 9457 problem+json; lists take `limit` and `cursor`; every answer carries X-Request-Id; POSTs take an Idempotency-Key.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: `A key with one of the scopes ${SCOPES.join(', ')}` },
        viewer: { type: 'apiKey', in: 'query', name: 'token', description: "The token of a viewer's link to one dashboard" },
      },
      schemas: { Problem: toJsonSchema(problem, 'output') },
    },
  };
}

const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string().optional(),
  instance: z.string().optional(),
  errors: z.array(z.object({ pointer: z.string(), code: z.string(), detail: z.string() })).optional(),
});

function operation(spec: Spec): JsonSchema {
  const parameters = [...parametersOf(spec.params, 'path'), ...parametersOf(spec.query, 'query').flatMap(asFilter)];
  function asFilter(parameter: JsonSchema): JsonSchema[] {
    const { name } = parameter as { name: string };
    if (!spec.filters?.includes(name)) return [parameter];
    return [
      { ...parameter, name: `filter[${name}]` },
      { ...parameter, deprecated: true },
    ];
  }
  if (spec.method === 'post')
    parameters.push(header('Idempotency-Key', 'The same key and body get the first answer again, for 24 hours'));
  for (const [name, description] of Object.entries(spec.headers ?? {})) parameters.push(header(name, description));
  const ways = [...(spec.scopes.length > 0 ? ['key'] : []), ...(spec.viewers ? ['viewer'] : [])];
  const bodies = spec.bodyTypes ?? (spec.body ? { 'application/json': spec.body } : undefined);
  const content = {
    ...(spec.answer && { 'application/json': { schema: toJsonSchema(spec.answer, 'output') } }),
    ...Object.fromEntries((spec.produces ?? []).map((type) => [type, { schema: { type: 'string' } }])),
  };
  const success = { description: 'Success', ...(Object.keys(content).length > 0 && { content }) };
  const others = (spec.otherStatuses ?? []).map((status) => [status, { ...success, description: STATUS_CODES[status] }]);
  return {
    summary: spec.summary,
    tags: [spec.path.split('/')[2] ?? 'platform'],
    ...(ways.length > 0 && { security: ways.map((way) => ({ [way]: [] })) }),
    ...(spec.scopes.length > 0 && { 'x-scopes': spec.scopes }),
    ...(parameters.length > 0 && { parameters }),
    ...(bodies && { requestBody: { required: true, content: contentOf(bodies, 'input') } }),
    responses: {
      [spec.status]: success,
      ...Object.fromEntries(others),
      default: {
        description: 'A problem; its `code` is explained in docs/error-codes.md',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function parametersOf(schema: ZodType | undefined, place: 'path' | 'query'): JsonSchema[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = toJsonSchema(schema, 'input') as { properties?: JsonSchema; required?: string[] };
  return Object.entries(properties).map(([name, of]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: of,
  }));
}

const header = (name: string, description: string): JsonSchema => ({
  name,
  in: 'header',
  description,
  schema: { type: 'string' },
});

const contentOf = (types: Record<string, ZodType>, io: 'input' | 'output') =>
  Object.fromEntries(Object.entries(types).map(([type, schema]) => [type, { schema: toJsonSchema(schema, io) }]));

function toJsonSchema(schema: ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    // zod bounds every integer by what a double holds exactly, which tells a reader nothing.
    override({ jsonSchema }) {
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  }) as JsonSchema;
  return rest;
}
