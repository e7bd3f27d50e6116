import http from 'node:http';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { MARKR, sheetOf } from '../support/imports.ts';
import { randomFrom } from '../support/telemetry.ts';
import { bodyWith, type Operation, operationsOf, pointersOf, sample } from './calls.ts';
import { BODIES, ENCODED, JSONS, some, TEXTS, TIMES, tampered } from './hostile.ts';
import { type Stage, setStage } from './stage.ts';

const { factor, seed } = inject('fuzz');
const random = randomFrom(seed);

/** Number of hostile values for each place of a call. */
const VALUES = Math.ceil(4 * factor);
const AT_ONCE = 8;
const SLOWEST_MS = 30_000;

/** Headers that any request may have, in addition to those of the document. */
const HEADERS = [
  'accept',
  'accept-encoding',
  'authorization',
  'content-encoding',
  'content-type',
  'cookie',
  'forwarded',
  'host',
  'if-none-match',
  'origin',
  'traceparent',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-http-method-override',
  'x-request-id',
];

const UUID = '019aa0a0-0000-7000-8000-000000000000';
/** Cursors as lists return them, whatever theirs contain. */
const CURSORS = [
  [UUID],
  ['2026-10-01 12:00:00.123456+00'],
  ['2026-10-01 12:00:00.123456+00', UUID],
  ['2026-10-01', UUID],
  ['com.example.v1'],
].map((parts) => Buffer.from(JSON.stringify(parts)).toString('base64url'));

/** Event types with roll-ups of their own. */
const FIGURED = ['br.validahub.validation.completed.v1', 'br.validahub.correction.applied.v1', 'mirante.http.request.v1'];

type Call = { method: string; address: string; headers: Record<string, string>; body?: string; operation: Operation };

let stage: Stage;
let operations: Operation[];
const agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });

beforeAll(async () => {
  stage = await setStage();
  operations = operationsOf((await stage.api.call('GET', '/openapi.json')).body);
});
afterAll(async () => {
  agent.destroy();
});

/** A valid call; `query` and `path` replace parameters, percent-encoded. */
function plain(operation: Operation, change: { path?: Record<string, string>; query?: string[] } = {}): Call {
  const { method, path, parameters, scopes, bodies } = operation;
  const filled = path.replace(/\{(\w+)\}/g, (_, name) => change.path?.[name] ?? stage.inPath(method, path, name));
  const needed = parameters.filter((one) => one.in === 'query' && one.required);
  const query = needed.map(({ name, schema }) => `${name}=${encodeURIComponent(String(sample(schema, stage.known, name)))}`);
  const search = [
    ...query.filter((one) => !change.query?.some((other) => other.split('=')[0] === one.split('=')[0])),
    ...(change.query ?? []),
  ];
  const key = stage.keys[some(stage.scopesFor(path, scopes), 1, random)[0] ?? ''];
  const [type, schema] = bodies[0] ?? [];
  return {
    method,
    address: `${filled}${search.length > 0 ? `?${search.join('&')}` : ''}`,
    headers: { ...(key && { authorization: `Bearer ${key}` }), ...(type && { 'content-type': type }) },
    ...(schema && { body: written(stage.bodyOf(path, sample(schema, stage.known))) }),
    operation,
  };
}

const written = (body: unknown) => (typeof body === 'string' ? body : JSON.stringify(body));

const encoded = (text: string) => encodeURIComponent(text.toWellFormed());
/** Percent-encoded values, some of them invalid. */
const inAddress = (count: number) => [
  ...some(TEXTS, count, random).map(encoded),
  ...some(ENCODED, Math.ceil(count / 3), random),
];

function hostilePaths(operation: Operation): Call[] {
  const names = operation.parameters.filter((one) => one.in === 'path').map(({ name }) => name);
  return names.flatMap((name) =>
    inAddress(VALUES * 3).map((value) => plain(operation, { path: { [name]: value === '' ? '%20' : value } })),
  );
}

function hostileQueries(operation: Operation): Call[] {
  const parameters = operation.parameters.filter((one) => one.in === 'query');
  const inOne = parameters.flatMap(({ name, schema }) => {
    const times = name === 'from' || name === 'to' || schema.format === 'date-time';
    const cursors = name === 'cursor' ? CURSORS.flatMap((cursor) => tampered(cursor, VALUES * 2, random)) : [];
    const values = [
      ...inAddress(VALUES * 2),
      ...some(times ? TIMES : [], VALUES * 4, random).map(encoded),
      ...cursors.map(encoded),
    ];
    return [
      ...values.map((value) => [`${encoded(name)}=${value}`]),
      [`${encoded(name)}=a`, `${encoded(name)}=b`],
      [`${encoded(name)}[]=a`],
      [`${encoded(name)}[__proto__]=a`],
      [encoded(name)],
    ];
  });
  const unknown = inAddress(VALUES).flatMap((name) => [[`${name}=x`], [`filter[${name}]=x`]]);
  return [...inOne, ...unknown].map((query) => plain(operation, { query }));
}

// Node refuses to send control characters; the others are sent as UTF-8 bytes.
const inHeader = (text: string) =>
  Buffer.from(text)
    .toString('latin1')
    .replace(/[^\t\x20-\x7e\x80-\xff]/g, '')
    .slice(0, 4_000);

function hostileHeaders(operation: Operation): Call[] {
  const own = operation.parameters.filter((one) => one.in === 'header').map(({ name }) => name.toLowerCase());
  return [...new Set([...HEADERS, ...own])].flatMap((name) =>
    some(TEXTS, Math.ceil(VALUES / 3), random).map((text) => {
      const call = plain(operation);
      return {
        ...call,
        headers: { ...call.headers, [name]: name === 'authorization' ? `Bearer ${inHeader(text)}` : inHeader(text) },
      };
    }),
  );
}

function hostileBodies(operation: Operation): Call[] {
  return operation.bodies.flatMap(([type, schema]) => {
    const variants = [schema, ...(schema.anyOf ?? schema.oneOf ?? [])] as (typeof schema)[];
    const bodies = variants.flatMap((variant) => {
      const base = stage.bodyOf(operation.path, sample(variant, stage.known));
      return pointersOf(variant).flatMap((pointer) => [
        ...some(TEXTS, VALUES, random).map((text) => bodyWith(base, pointer, JSON.stringify(text), 'x')),
        ...some(JSONS, VALUES, random).map((value) => bodyWith(base, pointer, value, 'x')),
        ...(pointer.at(-1) === '*' ? some(TEXTS, VALUES * 3, random).map((key) => bodyWith(base, pointer, '"x"', key)) : []),
      ]);
    });
    const sheets = type === MARKR['content-type'] ? some(TEXTS, VALUES * 3, random).flatMap(hostileSheets) : [];
    return [...bodies, ...sheets, ...BODIES].map((body) => {
      const call = plain(operation);
      return { ...call, headers: { ...call.headers, 'content-type': type }, body };
    });
  });
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
/** Answer sheets with that text at each place, as it is and as XML has it. */
const hostileSheets = (text: string): string[] =>
  [text, escaped(text)].flatMap((value) => [
    sheetOf(value),
    ...['>1<', '"2"', '"1"', '<student-number>'].map((place) =>
      sheetOf('t').replace(place, () => (place === '<student-number>' ? `${value}${place}` : place[0] + value + place.at(-1))),
    ),
  ]);

// Some with a key of another scope, some without a key.
function withAnyKey(call: Call): Call {
  if (random() < 0.8 || call.headers.authorization === undefined) return call;
  const [key] = some(Object.values(stage.keys), 1, random);
  const { authorization: _, ...headers } = call.headers;
  return { ...call, headers: random() < 0.5 ? headers : { ...headers, authorization: `Bearer ${key}` } };
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function asCurl({ method, address, headers, body }: Call): string {
  const names = new Map(
    Object.entries(stage.keys).map(([scope, key]) => [key, `$${scope.toUpperCase().replace('-', '_')}_KEY`]),
  );
  const scopeOf = (value: string) => value.replace(/(?<=^Bearer )\S+/, (key) => names.get(key) ?? key);
  const flags = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${scopeOf(value)}`)}`);
  const data = body === undefined ? '' : ` --data-binary ${quoted(body.length > 3_000 ? `${body.slice(0, 3_000)}…` : body)}`;
  return `curl -X ${method} ${flags.join(' ')}${data} ${quoted(`http://127.0.0.1:3000${address}`)}`;
}

type Sent = { status: number; type: string; text: string };

async function send({ method, address, headers, body }: Call): Promise<Sent> {
  const { hostname, port } = new URL(stage.api.url);
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const request = http.request({
    hostname,
    port,
    method,
    path: address,
    agent,
    signal: AbortSignal.timeout(SLOWEST_MS),
    headers: { ...headers, ...(bytes && { 'content-length': bytes.length }) },
  });
  const response = new Promise<http.IncomingMessage>((done, fail) => request.once('response', done).once('error', fail));
  request.end(bytes);
  const answer = await response;
  const type = answer.headers['content-type'] ?? '';
  // It does not end by itself.
  if (type.startsWith('text/event-stream')) answer.destroy();
  const text = answer.destroyed ? '' : (await buffer(answer)).toString('utf8');
  return { status: answer.statusCode ?? 0, type, text };
}

/** Messages of Zod about its findings, and of Ajv about an invalid schema: no answer may have such a message. */
const NOT_OURS =
  /Invalid (input|option|string|number|discriminator|key in|value in|UUID|URL|ISO|email)|Too (big|small): |Unrecognized key|expected \w+, received|schema is invalid/;

/** What is wrong with an answer; undefined if nothing is. */
function faultOf({ status, type, text }: Sent, { isPage, statuses }: Operation): string | undefined {
  if (status >= 500) return `${status}: ${text}`;
  if (status < 400 || (statuses.includes(status) && type.startsWith('application/json'))) return undefined;
  if (isPage && type.startsWith('text/html')) return undefined;
  if (!type.startsWith('application/problem+json')) return `${status} as ${type}`;
  const problem = JSON.parse(text);
  const whole = problem.status === status && [problem.type, problem.title, problem.code, problem.detail].every(Boolean);
  return whole && !NOT_OURS.test(text) ? undefined : `${status} with ${text}`;
}

/** Sends calls, those of one operation one after another. Returns the faults, each with the call that shows it. */
async function tryAll(queues: Call[][]): Promise<string[]> {
  const faults: string[] = [];
  const left = queues.toSorted((a, b) => b.length - a.length);
  const work = async () => {
    for (let queue = left.shift(); queue; queue = left.shift()) {
      for (const call of queue) {
        const fault = await send(call).then(
          (sent) => faultOf(sent, call.operation),
          (error: Error) => `no answer: ${error.message}`,
        );
        if (fault) faults.push(`${fault}\n  ${asCurl(call)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return faults;
}

/** Calls that are correctly refused although they are valid: nobody is signed in, the tenant is not being removed, no mail and no provider is set. */
const REFUSED = {
  'GET /v1/tenants/{id}/offboarding': 404,
  'GET /v1/session': 401,
  'GET /v1/sessions': 401,
  // A form that nobody was shown.
  'POST /feedback/{tenant}/{service}': 422,
  'POST /login': 401,
  'POST /login/email': 404,
  'GET /login/provider': 404,
  'GET /login/callback': 404,
};

test('valid calls of the document are answered', async () => {
  const answers: [string, number][] = [];
  for (const operation of operations.filter(({ method }) => method !== 'DELETE')) {
    const { status } = await send(plain(operation));
    if (status >= 400) answers.push([`${operation.method} ${operation.path}`, status]);
  }
  expect(Object.fromEntries(answers)).toEqual(REFUSED);
});

test.each([
  ['paths', hostilePaths],
  ['queries', hostileQueries],
  ['headers', hostileHeaders],
  ['bodies', hostileBodies],
])(`no hostile value in %s ends in a 5xx or in anything but a problem (TEST_FUZZ_SEED=${seed})`, async (_, hostile) => {
  expect(await tryAll(operations.map((operation) => hostile(operation).map(withAnyKey)))).toEqual([]);
});

test('nor does a hostile value in the input of roll-ups, which jobs read as numbers later', async () => {
  const operation = operations.find(({ method, path }) => method === 'POST' && path === '/v1/events') as Operation;
  const members = ['rows', 'errors', 'warnings', 'rule', 'rules', 'marketplace', 'route', 'duration_ms', 'outcome'];
  const calls = FIGURED.flatMap((type) =>
    members.flatMap((member) => {
      const values = [...some(JSONS, VALUES, random), ...some(TEXTS, VALUES, random).map((text) => JSON.stringify(text))];
      const rules = values.map((value) =>
        bodyWith({ type, data: { rules: {} } }, ['data', 'rules', '*'], value, some(TEXTS, 1, random)[0] as string),
      );
      return [...values.map((value) => bodyWith({ type, data: {} }, ['data', member], value, 'x')), ...rules];
    }),
  );
  expect(await tryAll([calls.map((body) => ({ ...plain(operation), body }))])).toEqual([]);
  await stage.refresh();
});
