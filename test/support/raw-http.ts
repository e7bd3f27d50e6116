import { connect, type Socket } from 'node:net';

export type RawConnection = {
  socket: Socket;
  /** Everything that the server sent before it closed the connection. */
  answer: Promise<string>;
};

/** A raw TCP connection to an API, for malformed requests. */
export function openRaw(url: string): RawConnection {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  // Some connections end with a reset after the answer; only the received data matter.
  socket.on('error', () => undefined);
  const answer = new Promise<string>((done) => {
    socket.once('close', () => done(Buffer.concat(chunks).toString('utf8')));
  });
  return { socket, answer };
}

/** Head of a request to POST /v1/events with additional headers. */
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
