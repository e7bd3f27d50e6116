import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { answerClientError } from './client-errors.ts';
import { ALWAYS } from './headers.ts';

const HEADERS = Object.entries(ALWAYS);

/** A server that answers with the headers of headers.ts, and that no slow client can hold for long. Does not listen yet. */
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
  // For a client that asks and then reads nothing: nothing moves in either direction.
  server.timeout = 120_000;
  server.on('clientError', answerClientError);
  return server;
}

// A client that keeps its connection and goes on asking would keep a server that is closing from ever ending, so from then on
// every answer says `Connection: close`.
function endWithServer(server: Server, response: ServerResponse): void {
  const writeHead = response.writeHead.bind(response) as (...head: unknown[]) => ServerResponse;
  response.writeHead = (...head: unknown[]) => {
    if (!server.listening) response.shouldKeepAlive = false;
    return writeHead(...head);
  };
}

/** How often connections are closed whose last answer had begun before the server was closing. */
const CLOSE_IDLE_MS = 100;

/** Takes no more connections, lets requests under way finish, and breaks off what is left after `graceMs`. */
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
