import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cleanUp } from './clean-up.ts';

export type Received = { path: string; headers: IncomingHttpHeaders; body: string };

export type Receiver = { url: string; received: Received[]; connections: () => number; close: () => Promise<void> };

/** A server that stores received webhooks and answers as told. */
export async function useReceiver(answer: (response: ServerResponse, path: string) => void): Promise<Receiver> {
  const received: Received[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      received.push({ path, headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
      answer(response, path);
    });
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    connections: () => connections,
    close: cleanUp(async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }),
  };
}

/** Answers by path: `/204`, `/503`; `/hang` never answers. */
export function asThePathSays(response: ServerResponse, path: string): void {
  if (path === '/hang') return;
  const status = Number(path.slice(1, 4)) || 200;
  response.writeHead(status, status === 302 ? { location: '/200' } : {}).end();
}
