import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Json } from './api.ts';
import { need } from './harness.ts';
import type { Asked, Reply } from './metabase-world.ts';

/** The path as a template with its values, and the faults of the request. */
export type Found = { template: string; values: Record<string, string>; fault?: string; pointer?: string };

export type Checker = {
  violations: string[];
  request: (asked: Asked) => Found;
  answer: (found: Found, reply: Reply) => void;
};

// Without the document, paths must still be told apart.
const TEMPLATES = [
  '/api/health',
  '/api/session/properties',
  '/api/session',
  '/api/setup',
  '/api/user/current',
  '/api/api-key',
  '/api/api-key/{id}/regenerate',
  '/api/setting',
  '/api/setting/{key}',
  '/api/database',
  '/api/database/{id}',
  '/api/permissions/graph',
  '/api/collection',
  '/api/collection/graph',
  '/api/collection/root/items',
  '/api/collection/{id}',
  '/api/collection/{id}/items',
  '/api/card',
  '/api/card/{id}',
  '/api/dashboard',
  '/api/dashboard/{id}',
  '/api/embed/dashboard/{token}',
  '/api/embed/dashboard/{token}/dashcard/{dashcard-id}/card/{card-id}',
];

let opened: { document: Json; ajv: Ajv2020 } | undefined;

// Shared by all servers of a file, because compiling its schemas takes longer than most tests.
function openDocument(file: string): { document: Json; ajv: Ajv2020 } {
  const document: Json = JSON.parse(readFileSync(file, 'utf8'));
  const ajv = new Ajv2020({ strict: false, validateFormats: false, coerceTypes: false });
  ajv.addSchema(document, 'metabase');
  return { document, ajv };
}

/** Checks requests and answers against Metabase's OpenAPI document, if it is beside the checkout. */
export function createChecker(): Checker {
  const file = need('metabase-openapi');
  if (file) opened ??= openDocument(file);
  const document = opened?.document;
  const violations: string[] = [];

  // Returns a fault, or undefined if the value matches the schema at this pointer.
  function faultOf(pointer: string, value: unknown): string | undefined {
    const validate = opened?.ajv.getSchema(`metabase#${pointer}`);
    if (!validate) throw new Error(`no schema at ${pointer}`);
    return validate(value) ? undefined : opened?.ajv.errorsText(validate.errors);
  }

  function requestFault(operation: Json, pointer: string, { url, body }: Asked, values: Record<string, string>) {
    for (const [index, parameter] of (operation.parameters ?? []).entries()) {
      const given = parameter.in === 'path' ? [values[parameter.name] ?? ''] : url.searchParams.getAll(parameter.name);
      if (given.length === 0 || given[0] === 'trash') continue;
      const isList = JSON.stringify(parameter.schema).includes('"array"');
      const value = isList ? given : literal(given[0] as string);
      const fault = faultOf(`${pointer}/parameters/${index}/schema`, value);
      if (fault) return `${parameter.name}: ${fault}`;
    }
    const media = operation.requestBody && Object.keys(operation.requestBody.content)[0];
    return media && faultOf(`${pointer}/requestBody/content/${escaped(media)}/schema`, body ?? null);
  }

  return {
    violations,
    request(asked) {
      const found = find(asked.url.pathname);
      if (!document) return found;
      const operation = document.paths[found.template]?.[asked.method.toLowerCase()];
      const pointer = `/paths/${escaped(found.template)}/${asked.method.toLowerCase()}`;
      const fault = operation ? requestFault(operation, pointer, asked, found.values) : 'not in the document';
      if (fault) violations.push(`${asked.method} ${asked.url.pathname} ${fault}`);
      return { ...found, ...(fault && { fault }), ...(operation?.['x-observed-response'] && { pointer }) };
    },
    answer({ pointer, template }, { status, body }) {
      if (!pointer || status >= 300) return;
      const fault = faultOf(`${pointer}/x-observed-response`, body);
      if (fault) violations.push(`answer of ${template}: ${fault}`);
    },
  };
}

function find(path: string): Found {
  for (const template of TEMPLATES) {
    const names = [...template.matchAll(/\{([\w-]+)\}/g)].map(([, name]) => name as string);
    const match = new RegExp(`^${template.replace(/\{[\w-]+\}/g, '([^/]+)')}$`).exec(path);
    if (!match) continue;
    return { template, values: Object.fromEntries(names.map((name, index) => [name, match[index + 1] as string])) };
  }
  return { template: path, values: {} };
}

const escaped = (name: string) => encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));

function literal(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d+$/.test(text) ? Number(text) : text;
}
