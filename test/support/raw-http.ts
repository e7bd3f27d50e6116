import { connect, type Socket } from 'node:net';

export type RawConnection = {
  socket: Socket;
  /** All that the server has sent, once it has ended the connection. */
  answer: Promise<string>;
};

/** A TCP connection to an API, for what no HTTP client would send. */
export function openRaw(url: string): RawConnection {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  // A reset after the answer is how some of these end; what has arrived is what counts.
  socket.on('error', () => undefined);
  const answer = new Promise<string>((done) => {
    socket.once('close', () => done(Buffer.concat(chunks).toString('utf8')));
  });
  return { socket, answer };
}

/** Head of a request to POST /v1/events with these further headers. */
export const eventsHead = (key: string, headers: string[], version = 'HTTP/1.1') =>
  [
    `POST /v1/events ${version}`,
    'Host: localhost',
    `Authorization: Bearer ${key}`,
    'Content-Type: application/json',
    ...headers,
    '',
    '',
  ].join('\r\n');
