import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cleanUp } from './clean-up.ts';

/**
 * What happens to a request: forwarded, answered with a status, delayed, cut off in the middle, or answered with other
 * bytes.
 */
export type Mood = 'well' | 500 | 503 | 'slow' | 'cut' | 'lie';

export type S3Proxy = {
  /** For OBJECT_STORE_URL. */
  url: string;
  /** Requests so far, by outcome. */
  counts: Map<Mood, number>;
  mood: (choose: (request: IncomingMessage) => Mood) => void;
};

const SLOW_MS = 100;
const CUT_AFTER_BYTES = 2_000;

/** A proxy for an S3 server that spoils requests as told. */
export async function useS3Proxy(s3: { url: string; endpoint: string }): Promise<S3Proxy> {
  let choose: (request: IncomingMessage) => Mood = () => 'well';
  const counts = new Map<Mood, number>();
  const server = createServer((incoming, response) => {
    const mood = choose(incoming);
    counts.set(mood, (counts.get(mood) ?? 0) + 1);
    if (typeof mood === 'number') {
      incoming.resume();
      incoming.once('end', () => response.writeHead(mood).end());
    } else if (mood === 'cut' && incoming.method !== 'GET') cutUpload(incoming);
    else if (mood === 'slow') setTimeout(() => forward(s3.endpoint, incoming, response, mood), SLOW_MS);
    else forward(s3.endpoint, incoming, response, mood);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  cleanUp(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: s3.url.replace(s3.endpoint, endpoint),
    counts,
    mood: (next) => {
      choose = next;
    },
  };
}

// The signature covers the host name that the client uses, and the server compares it with the header only.
function forward(endpoint: string, incoming: IncomingMessage, response: ServerResponse, mood: Mood): void {
  const { hostname, port } = new URL(endpoint);
  const { method, url: path, headers } = incoming;
  const outgoing = request({ hostname, port, method, path, headers }, (answer) => {
    const isSpoilt = method === 'GET' && (mood === 'cut' || mood === 'lie');
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    if (!isSpoilt) return void answer.pipe(response);
    answer.once('data', (chunk: Buffer) => {
      if (mood === 'cut') response.write(chunk.subarray(0, chunk.length / 2), () => response.destroy());
      else response.write(Buffer.from(chunk.map((byte) => byte ^ 1)));
    });
    if (mood === 'lie') answer.once('data', () => answer.pipe(response));
    return undefined;
  });
  outgoing.on('error', () => response.destroy());
  incoming.pipe(outgoing);
}

function cutUpload(incoming: IncomingMessage): void {
  let bytes = 0;
  incoming.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > CUT_AFTER_BYTES) incoming.socket.destroy();
  });
  incoming.once('end', () => incoming.socket.destroy());
}
