import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  invalidEncoding,
  invalidJson,
  invalidRequest,
  Problem,
  timedOut,
  tooLarge,
  unavailable,
  unsupportedMediaType,
} from '../lib/errors.ts';
import { isDatabaseAway } from '../sql/db.ts';
import type { Deps } from './deps.ts';

/** Answers every error, as RFC 9457 problem+json unless told otherwise. What is not expected gets a fixed text and is logged whole. */
export function sendProblem(
  deps: Deps,
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  render: (problem: Problem) => { type: string; text: string } = (problem) => ({
    type: 'application/problem+json; charset=utf-8',
    text: problemText(problem, requestId),
  }),
): void {
  const problem = problemOf(error);
  if (problem.code === 'internal') deps.log.error({ err: error, request_id: requestId }, 'request failed');
  if (response.headersSent || (request.destroyed && !request.complete)) {
    request.destroy();
    return;
  }
  for (const [name, value] of Object.entries(problem.headers)) response.setHeader(name, value);
  // A body that was not read to its end cannot be followed by another request.
  if (!request.complete) response.setHeader('connection', 'close');
  const { type, text } = render(problem);
  response.writeHead(problem.status, { 'content-type': type });
  response.end(text);
}

/** The body of a refusal. */
export function problemText(problem: Problem, requestId: string): string {
  return JSON.stringify({
    type: `urn:mirante:problem:${problem.code}`,
    title: problem.title,
    status: problem.status,
    code: problem.code,
    detail: problem.detail ?? problem.errors?.map(({ pointer, detail }) => `${pointer}: ${detail}`).join(' ') ?? problem.title,
    instance: `urn:mirante:request:${requestId}`,
    errors: problem.errors,
    ...problem.members,
  });
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { type = '', status = 500, message = '' } = error as { type?: string; status?: number; message?: string };
  if (type === 'entity.parse.failed') return invalidJson(message);
  if (type === 'entity.too.large') return tooLarge('A JSON body of this call may have 1 MiB.');
  if (type === 'encoding.unsupported' || type === 'charset.unsupported') return unsupportedMediaType(message);
  if (type === 'request.aborted' || type === 'request.size.invalid') return timedOut();
  if (error instanceof URIError)
    return invalidRequest([{ pointer: '', code: 'invalid-address', detail: 'The address is not UTF-8, percent-encoded.' }]);
  if (status === 400) return invalidEncoding(message);
  if (isDatabaseAway(error)) return unavailable('The database does not answer.');
  return new Problem(500, 'internal', 'Something went wrong on our side');
}
