import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../../lib/log.ts';
import { ArchiveUnavailable } from '../../sql/archive/rows.ts';
import { isDatabaseAway } from '../../sql/database/db.ts';
import {
  type Fault,
  invalidEncoding,
  invalidJson,
  invalidRequest,
  Problem,
  timedOut,
  tooLarge,
  unavailable,
  unsupportedMediaType,
} from './problems.ts';

/** Answers every error, as RFC 9457 problem+json by default. An unexpected error gets a fixed text and is logged in full. */
export function sendProblem(
  log: Logger,
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
  if (problem.code === 'internal') log.error({ err: error, request_id: requestId }, 'request failed');
  if (response.headersSent || (request.destroyed && !request.complete)) {
    request.destroy();
    return;
  }
  for (const [name, value] of Object.entries(problem.headers)) response.setHeader(name, value);
  const { type, text } = render(problem);
  const headers = { 'content-type': type, 'content-length': Buffer.byteLength(text) };
  if (request.complete) {
    response.writeHead(problem.status, headers);
    response.end(text);
    return;
  }
  // The unread rest of the body would be taken for the next request, so close the connection.
  response.writeHead(problem.status, { ...headers, connection: 'close' });
  response.write(text);
  linger(request, () => response.end());
}

const LINGER_MS = 2_000;
const LINGER_BYTES = 64 * 1024 * 1024;

// Closing a connection while the client still sends resets it, and the client may lose the answer. Read and discard the rest
// first, within limits.
function linger(request: IncomingMessage, close: () => void): void {
  let left = LINGER_BYTES;
  const end = () => {
    clearTimeout(timer);
    request.removeListener('data', count);
    close();
  };
  const count = (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) end();
  };
  const timer = setTimeout(end, LINGER_MS);
  request.on('data', count);
  request.once('end', end);
  request.once('close', end);
  request.resume();
}

const inWords = ({ pointer, detail }: Fault) => (pointer === '' ? detail : `${pointer}: ${detail}`);

/** Returns the body of a refusal as JSON text. */
export function problemText(problem: Problem, requestId: string): string {
  return JSON.stringify({
    ...problem.members,
    type: `urn:mirante:problem:${problem.code}`,
    title: problem.title,
    status: problem.status,
    code: problem.code,
    detail: problem.detail ?? problem.errors?.map(inWords).join(' ') ?? problem.title,
    instance: `urn:mirante:request:${requestId}`,
    errors: problem.errors,
  });
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof ArchiveUnavailable) return unavailable(error.message);
  const { type = '', status = 500, message = '' } = error as { type?: string; status?: number; message?: string };
  if (type === 'entity.parse.failed') return invalidJson(jsonFault(message));
  if (type === 'entity.too.large') return tooLarge('The JSON body is larger than 1 MiB.');
  if (type === 'encoding.unsupported') {
    const detail = 'The Content-Encoding is not supported. Send gzip, deflate, br or none.';
    return unsupportedMediaType(detail, { 'accept-encoding': 'gzip, deflate, br, identity' });
  }
  if (type === 'charset.unsupported') return unsupportedMediaType('The charset is not supported. Send UTF-8.');
  if (type === 'request.aborted' || type === 'request.size.invalid') return timedOut();
  if (error instanceof URIError)
    return invalidRequest([
      { pointer: '', code: 'invalid-address', detail: 'The address is not valid percent-encoded UTF-8.' },
    ]);
  if (status === 400) return invalidEncoding('The body is corrupt or does not match its Content-Encoding.');
  if (isDatabaseAway(error)) return unavailable('The database does not answer. Try again later.');
  return new Problem(500, 'internal', 'Internal error');
}

// V8 quotes the body in its message, and the body may hold a secret. Pass on only the position.
function jsonFault(message: string): string {
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return `The body is not valid JSON: unexpected character at position ${position}.`;
  return /end of JSON/.test(message)
    ? 'The body is not valid JSON: it ends too early.'
    : 'The body must be a JSON object or array.';
}
