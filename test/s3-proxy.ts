import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What becomes of a request: passed on, answered with a status, held up, cut off in its answer, or answered with other bytes. */
export type Mood = 'well' | 500 | 503 | 'slow' | 'cut' | 'lie';

export type S3Proxy = {
  url: string;
  requests: () => number;
  mood: (choose: (request: IncomingMessage) => Mood) => void;
  close: () => Promise<void>;
};

const SLOW_MS = 30;

/** Stands before a server that speaks S3 and spoils what it is told to. */
export async function startS3Proxy(s3: { url: string; endpoint: string }): Promise<S3Proxy> {
  let choose: (request: IncomingMessage) => Mood = () => 'well';
  let count = 0;
  const target = new URL(s3.endpoint);

  function forward(incoming: IncomingMessage, response: ServerResponse, mood: Mood): void {
    // Signed for the name that the client knows, which the server compares with the header alone.
    const outgoing = request(
      { host: target.hostname, port: target.port, path: incoming.url, method: incoming.method, headers: incoming.headers },
      (answer) => {
        const spoilt = incoming.method === 'GET' && (mood === 'cut' || mood === 'lie');
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        if (!spoilt) return void answer.pipe(response);
        answer.once('data', (chunk: Buffer) => {
          if (mood === 'cut') response.write(chunk.subarray(0, chunk.length / 2), () => response.destroy());
          else response.write(Buffer.from(chunk.map((byte) => byte ^ 1)));
        });
        if (mood === 'lie') answer.once('data', () => answer.pipe(response));
        return undefined;
      },
    );
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  }

  const server = createServer((incoming, response) => {
    count++;
    const mood = choose(incoming);
    if (typeof mood === 'number') {
      incoming.resume();
      incoming.on('end', () => response.writeHead(mood).end());
    } else if (mood === 'slow') {
      setTimeout(() => forward(incoming, response, mood), SLOW_MS);
    } else {
      forward(incoming, response, mood);
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: s3.url.replace(s3.endpoint, endpoint),
    requests: () => count,
    mood: (next) => {
      choose = next;
    },
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
