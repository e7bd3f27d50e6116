import { PROBLEM_CODES, type ProblemCode } from './problem-codes.ts';
import type { RouteSpec } from './types.ts';

type Spec = RouteSpec<unknown, unknown, unknown>;

const SCHEMA = { $ref: '#/components/schemas/Problem' };

/** Returns every refusal of a call: those of its spec, and those that come with keys, links and bodies. */
export function problemsOf({ method, scopes, viewers, params, query, body, bodyTypes, problems = [] }: Spec): ProblemCode[] {
  const isKeyed = scopes.length > 0;
  const hasBody = Boolean(body || bodyTypes);
  const codes: ProblemCode[] = [
    ...(params || query || hasBody ? (['invalid-request'] as const) : []),
    ...(hasBody ? (['invalid-json', 'too-large', 'unsupported-media-type'] as const) : []),
    ...(isKeyed ? (['unauthenticated', 'wrong-scope'] as const) : []),
    ...(viewers ? (['invalid-token', 'expired-token'] as const) : []),
    ...(isKeyed || viewers ? (['rate-limited', 'too-many-queries', 'unavailable'] as const) : []),
    ...(isKeyed && method === 'post' ? (['idempotency-running', 'idempotency-mismatch'] as const) : []),
    ...problems,
    'internal',
  ];
  return [...new Set(codes)];
}

/** Returns the refusals as responses of an operation, by status. */
export function problemResponses(spec: Spec): Record<string, { description: string; content: Record<string, unknown> }> {
  const all = problemsOf(spec);
  return Object.fromEntries(
    [...new Set(all.map((code) => PROBLEM_CODES[code][0]))].map((status) => {
      const codes = all.filter((code) => PROBLEM_CODES[code][0] === status);
      const description = codes.map((code) => `\`${code}\`: ${PROBLEM_CODES[code][1]}`).join(' ');
      const examples = Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]));
      const content = spec.page
        ? { 'text/html': { schema: { type: 'string' } } }
        : { 'application/problem+json': { schema: SCHEMA, examples } };
      return [status, { description, content }];
    }),
  );
}

/** Returns an example of each refusal, for `components`. */
export const problemExamples = (): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(PROBLEM_CODES).map(([code, [status, title]]) => [code, { value: exampleOf(code, status, title) }]),
  );

function exampleOf(code: string, status: number, title: string) {
  const errors = [{ pointer: '/from', code: 'empty-window', detail: '`from` must be before `to`.' }];
  return {
    type: `urn:mirante:problem:${code}`,
    title,
    status,
    code,
    detail: title,
    instance: 'urn:mirante:request:01a228f4-62c5-7551-a4c9-ea9a3c60e5e7',
    ...(code === 'invalid-request' && { errors }),
  };
}
