import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { answerClientError } from './client-errors.ts';
import { ALWAYS } from './headers.ts';

const HEADERS = Object.entries(ALWAYS);

/** Creates a server that sets the headers of headers.ts and limits slow clients. Does not listen yet. */
export function createHttpServer(listener: RequestListener): Server {
  const server = createServer(
    { requestTimeout: 30_000, headersTimeout: 10_000, connectionsCheckingInterval: 2_000 },
    (request, response) => {
      for (const [name, value] of HEADERS) response.setHeader(name, value);
      endWithServer(server, response);
      listener(request, response);
    },
  );
  server.keepAliveTimeout = 65_000;
  // For a client that sends a request and never reads the answer: no byte moves in either direction.
  server.timeout = 120_000;
  server.on('clientError', answerClientError);
  return server;
}

// A client that keeps its connection and goes on asking would keep a closing server open forever. After close() begins, every
// answer therefore says `Connection: close`.
function endWithServer(server: Server, response: ServerResponse): void {
  const writeHead = response.writeHead.bind(response) as (...head: unknown[]) => ServerResponse;
  response.writeHead = (...head: unknown[]) => {
    if (!server.listening) response.shouldKeepAlive = false;
    return writeHead(...head);
  };
}

/** How often to close idle connections whose last answer began before the server started to close. */
const CLOSE_IDLE_MS = 100;

/** Stops accepting connections, lets running requests finish, and breaks off the rest after `graceMs`. */
export async function closeServer(server: Server, graceMs: number): Promise<void> {
  if (!server.listening) return;
  const idle = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_MS);
  const limit = setTimeout(() => server.closeAllConnections(), graceMs);
  await new Promise<void>((done) => {
    server.close(() => done());
    server.closeIdleConnections();
  });
  clearInterval(idle);
  clearTimeout(limit);
}
