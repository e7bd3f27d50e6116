import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What becomes of a request: it passes, gets a status, is answered late, or its connection breaks in the middle. */
export type Fate = 'pass' | 500 | 503 | 'slow' | 'cut';

const LATE_MS = 300;
const CUT_AFTER_BYTES = 2_000;

/** A server between a client and `target` that does to each request what `fateOf` says. */
export async function startFaultyProxy(
  target: string,
  fateOf: () => Fate,
): Promise<{ url: string; counts: Map<Fate, number>; close: () => Promise<void> }> {
  const counts = new Map<Fate, number>();
  const server = createServer((request, response) => {
    const fate = fateOf();
    counts.set(fate, (counts.get(fate) ?? 0) + 1);
    if (typeof fate === 'number') {
      request.resume();
      request.once('end', () => response.writeHead(fate).end());
    } else if (fate === 'cut') cut(request);
    else if (fate === 'slow') setTimeout(() => forward(target, request, response), LATE_MS);
    else forward(target, request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function forward(target: string, request: IncomingMessage, response: ServerResponse): void {
  const { hostname, port } = new URL(target);
  const { method, url: path, headers } = request;
  const onward = send({ hostname, port, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}

function cut(request: IncomingMessage): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > CUT_AFTER_BYTES) request.destroy();
  });
  request.once('end', () => request.destroy());
}
