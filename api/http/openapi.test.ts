import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import type { ZodType } from 'zod';
import { type Json, useApi } from '../../test/support/api.ts';
import { useDatabase } from '../../test/support/harness.ts';
import { isDescribed, type JsonSchema } from './openapi-schema.ts';
import { TAGS } from './operation.ts';
import { PROBLEM_CODES } from './problem-codes.ts';

const api = await useApi(await useDatabase());
const document: Json = (await api.call('GET', '/openapi.json')).body;

type Operation = { name: string; operation: Json };
const operations = (): Operation[] =>
  Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
  );

// Lists the operations with a fault, so that a failure says where to look.
const faults = (of: (operation: Json) => boolean) =>
  operations().flatMap(({ name, operation }) => (of(operation) ? [name] : []));

describe('every operation', () => {
  test('has a summary of a few words and a description of two to seven sentences', () => {
    expect(operations().length).toBeGreaterThan(50);
    expect(faults(({ summary }) => !/^[A-Z].{5,60}[^.]$/.test(summary))).toEqual([]);
    const sentences = (text: string) => text.split(/(?<=\.) (?=[A-Z`])/).length;
    expect(faults(({ description }) => sentences(description) < 2 || sentences(description) > 7)).toEqual([]);
  });

  test('has a unique id and a tag of the list', () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(ids.filter((id, at) => !/^[a-z][a-zA-Z]+$/.test(id) || ids.indexOf(id) !== at)).toEqual([]);
    expect(document.tags.map(({ name }: Json) => name)).toEqual(Object.keys(TAGS));
    expect(document.tags.every(({ description }: Json) => description.length > 20)).toBe(true);
    const used = operations().flatMap(({ operation }) => operation.tags);
    expect([...new Set(used)].sort()).toEqual(Object.keys(TAGS).sort());
  });

  test('has an example of the request and of the answer', () => {
    const bodies = (operation: Json): Json[] => Object.values(operation.requestBody?.content ?? {});
    expect(faults((operation) => bodies(operation).some(({ example }) => example === undefined))).toEqual([]);
    const inPath = (operation: Json): Json[] => (operation.parameters ?? []).filter((one: Json) => one.in === 'path');
    expect(faults((operation) => inPath(operation).some(({ example }) => example === undefined))).toEqual([]);
    const answers = (operation: Json): Json[] =>
      Object.entries<Json>(operation.responses)
        .filter(([status]) => Number(status) < 300)
        .flatMap(([, { content }]) => Object.values<Json>(content ?? {}));
    expect(faults((operation) => answers(operation).some(({ example }) => example === undefined))).toEqual([]);
  });

  test('names its refusals, each with a code of docs/error-codes.md and its status', () => {
    expect(
      faults(({ security, responses }) => Boolean(security) && !(responses[429] && (responses[401] ?? responses[403]))),
    ).toEqual([]);
    const page = readFileSync(new URL('../../docs/error-codes.md', import.meta.url), 'utf8');
    const explained = new Set(
      [...page.matchAll(/^\| `([a-z0-9-]+)` \| (\d+) \|/gm)].map(([, code, status]) => `${code} ${status}`),
    );
    const wrong = Object.entries(PROBLEM_CODES).map(([code, [status]]) => `${code} ${status}`);
    expect(wrong.filter((one) => !explained.has(one))).toEqual([]);
  });
});

describe('examples match their own schemas', () => {
  test('parameters and bodies', () => {
    const wrong = api.calls.flatMap(({ method, path, params, query, filters = [], body, bodyTypes = {}, example }) => {
      const asked = Object.entries(example.query ?? {}).map(([name, value]) => {
        const bare = /^filter\[(.*)\]$/.exec(name)?.[1];
        return [bare && filters.includes(bare) ? bare : name, value];
      });
      return [
        ...check(params, example.params ?? {}),
        ...check(query, Object.fromEntries(asked)),
        ...(body ? check(body, example.body) : []),
        ...Object.entries(bodyTypes).flatMap(([type, of]) => check(of, example.bodies?.[type] ?? example.body)),
      ].map((fault) => `${method} ${path}: ${fault}`);
    });
    expect(wrong).toEqual([]);
  });

  test('answers, without members that the document does not name', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const wrong = api.calls.flatMap(({ method, path, status, answer, example }) => {
      if (!answer) return example.answer === undefined ? [] : [`${method} ${path}: an answer that no schema is for`];
      const shown = document.paths[path.replace(/[:*](\w+)/g, '{$1}')][method].responses[status].content['application/json'];
      const matches = ajv.compile(shown.schema);
      const extra = matches(shown.example)
        ? []
        : (matches.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
      return [...check(answer, example.answer), ...extra].map((fault) => `${method} ${path}: ${fault}`);
    });
    expect(wrong).toEqual([]);
  });
});

function check(schema: ZodType | undefined, value: unknown): string[] {
  const result = schema?.safeParse(value);
  return result?.error?.issues.map(({ path, message }) => `/${path.join('/')} ${message}`) ?? [];
}

test('every property and every parameter has a description', () => {
  const missing = operations().flatMap(({ name, operation }) => {
    const contents = [operation.requestBody, ...Object.values<Json>(operation.responses)].flatMap((one) =>
      Object.entries<Json>(one?.content ?? {}),
    );
    const schemas = contents.filter(([type]) => !type.includes('problem')).map(([, { schema }]) => schema);
    const parameters = (operation.parameters ?? []).filter((one: Json) => !one.description && !isDescribed(one.schema));
    return [...parameters.map((one: Json) => one.name), ...schemas.flatMap((schema) => undescribed(schema))].map(
      (place) => `${place} of ${name}`,
    );
  });
  expect(missing).toEqual([]);
  expect(undescribed(document.components.schemas.Problem)).toEqual([]);
});

function undescribed(schema: JsonSchema, at = ''): string[] {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
  const below = [schema.anyOf, schema.oneOf, schema.items, schema.additionalProperties]
    .flat()
    .filter((one): one is JsonSchema => typeof one === 'object' && one !== null);
  return [
    ...properties.flatMap(([name, of]) => [...(isDescribed(of) ? [] : [`${at}/${name}`]), ...undescribed(of, `${at}/${name}`)]),
    ...below.flatMap((one) => undescribed(one, at)),
  ];
}
