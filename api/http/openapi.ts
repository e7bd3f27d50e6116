import { STATUS_CODES } from 'node:http';
import { type ZodType, z } from 'zod';
import { SCOPES } from '../../sql/tenants/tenants.ts';
import { problemExamples, problemResponses } from './openapi-problems.ts';
import { type JsonSchema, toJsonSchema } from './openapi-schema.ts';
import { TAGS } from './operation.ts';
import type { RouteSpec } from './types.ts';

type Spec = RouteSpec<unknown, unknown, unknown>;

const ABOUT = `Multi-tenant telemetry. A key goes in \`Authorization: Bearer <key>\`; the tenant is always the key's.
Bodies are JSON in UTF-8, times RFC 3339 in UTC, ids UUIDs, windows half-open: \`from\` belongs to them, \`to\` does not.
Errors are RFC 9457 \`application/problem+json\` with a stable \`code\`. Lists take \`limit\` and \`cursor\`.
Every answer carries \`X-Request-Id\`; 429 and 503 carry \`Retry-After\`. Every POST with a key takes an \`Idempotency-Key\`.`.replaceAll(
  '\n',
  ' ',
);

/** Returns the OpenAPI 3.1 document of the registered calls, built from the same schemas that check requests. */
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
      description: ABOUT,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: `A key with one of the scopes ${SCOPES.join(', ')}` },
        viewer: {
          type: 'apiKey',
          in: 'query',
          name: 'token',
          description: 'The token of a signed link to one dashboard or file',
        },
      },
      schemas: { Problem: toJsonSchema(problem, 'output') },
      examples: problemExamples(),
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
  const { params: inPath = {}, query: inQuery = {}, answer, texts = {} } = spec.example;
  const parameters = [
    ...parametersOf(spec, 'path', inPath),
    ...parametersOf(spec, 'query', inQuery).flatMap((parameter) => asFilter(parameter, spec, inQuery)),
  ];
  if (spec.method === 'post' && spec.scopes.length > 0)
    parameters.push(header('Idempotency-Key', 'The same key and body get the first answer again, for 24 hours'));
  for (const [name, description] of Object.entries(spec.headers ?? {})) parameters.push(header(name, description));
  const ways = [...(spec.scopes.length > 0 ? ['key'] : []), ...(spec.viewers ? ['viewer'] : [])];
  const bodies = spec.bodyTypes ?? (spec.body ? { 'application/json': spec.body } : undefined);
  const content = {
    ...(spec.answer && { 'application/json': { schema: toJsonSchema(spec.answer, 'output', spec.tag), example: answer } }),
    ...Object.fromEntries((spec.produces ?? []).map((type) => [type, { schema: { type: 'string' }, example: texts[type] }])),
  };
  const success = { ...(Object.keys(content).length > 0 && { content }) };
  const statuses = [spec.status, ...(spec.otherStatuses ?? [])].map((status) => [
    status,
    { description: STATUS_CODES[status] as string, ...success },
  ]);
  return {
    operationId: spec.operationId,
    summary: spec.summary,
    description: spec.description,
    tags: [spec.tag],
    ...(ways.length > 0 && { security: ways.map((way) => ({ [way]: [] })) }),
    ...(spec.scopes.length > 0 && { 'x-scopes': spec.scopes }),
    ...(parameters.length > 0 && { parameters }),
    ...(bodies && { requestBody: { required: true, content: contentOf(bodies, spec) } }),
    responses: responsesOf(Object.fromEntries(statuses), spec),
  };
}

type Responses = Record<string, { description: string; content?: Record<string, unknown> }>;

// One status may have an answer and a problem, each with its own media type.
function responsesOf(answers: Responses, spec: Spec): Responses {
  const problems = problemResponses(spec);
  const shared = Object.keys(problems).filter((status) => answers[status]);
  const both = shared.map((status) => {
    const [answer, problem] = [answers[status], problems[status]];
    const description = `${answer?.description}. ${problem?.description}`;
    return [status, { description, content: { ...answer?.content, ...problem?.content } }];
  });
  return { ...answers, ...problems, ...Object.fromEntries(both) };
}

function parametersOf(spec: Spec, place: 'path' | 'query', examples: Readonly<Record<string, string>>): JsonSchema[] {
  const schema = place === 'path' ? spec.params : spec.query;
  if (!schema) return [];
  const { properties = {}, required = [] } = toJsonSchema(schema, 'input', spec.tag) as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...of }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description !== undefined && { description }),
    schema: of,
    ...(examples[name] !== undefined && { example: examples[name] }),
  }));
}

// A filter is sent as `filter[name]`; the bare name is deprecated.
function asFilter(parameter: JsonSchema, { filters = [] }: Spec, examples: Readonly<Record<string, string>>): JsonSchema[] {
  const name = String(parameter.name);
  if (!filters.includes(name)) return [parameter];
  const example = examples[`filter[${name}]`];
  return [
    { ...parameter, name: `filter[${name}]`, ...(example !== undefined && { example }) },
    { ...parameter, deprecated: true },
  ];
}

const header = (name: string, description: string): JsonSchema => ({
  name,
  in: 'header',
  description,
  schema: { type: 'string' },
});

const contentOf = (types: Record<string, ZodType>, { example, tag }: Spec) =>
  Object.fromEntries(
    Object.entries(types).map(([type, schema]) => [
      type,
      { schema: toJsonSchema(schema, 'input', tag), example: example.bodies?.[type] ?? example.body },
    ]),
  );
