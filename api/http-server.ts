import { createServer, type RequestListener, type Server } from 'node:http';
import { answerClientError } from './client-errors.ts';
import { ALWAYS } from './headers.ts';

const HEADERS = Object.entries(ALWAYS);

/** A server that answers with the headers of headers.ts, and that no slow client can hold for long. Does not listen yet. */
export function createHttpServer(listener: RequestListener): Server {
  const server = createServer(
    { requestTimeout: 30_000, headersTimeout: 10_000, connectionsCheckingInterval: 2_000 },
    (request, response) => {
      for (const [name, value] of HEADERS) response.setHeader(name, value);
      listener(request, response);
    },
  );
  server.keepAliveTimeout = 65_000;
  // For a client that asks and then reads nothing: nothing moves in either direction.
  server.timeout = 120_000;
  server.on('clientError', answerClientError);
  return server;
}
