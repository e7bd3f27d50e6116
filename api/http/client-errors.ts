import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { v7 as uuidv7 } from 'uuid';
import { ALWAYS } from './headers.ts';
import { headersTooLarge, malformedRequest, timedOut } from './problems.ts';
import { problemText } from './send-problem.ts';

/**
 * Answers input that Express never sees: malformed HTTP, too large headers, or a request that does not arrive in time.
 * Closes the connection, because the start of the next request is unknown.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const problem = problemOf(error.code);
  const requestId = uuidv7();
  const body = problemText(problem, requestId);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'Connection: close',
    ...Object.entries(ALWAYS).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function problemOf(code: string | undefined) {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return timedOut();
  return code === 'HPE_HEADER_OVERFLOW' ? headersTooLarge() : malformedRequest();
}
