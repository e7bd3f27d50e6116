import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createClient } from './client.ts';

const RECEIPT = { received: 1, accepted: 1, duplicates: 0, conflicts: 0, quarantined: 0, rejected: 0, items: [] };

type Act = (request: IncomingMessage, response: ServerResponse) => void;

let close = async () => {};
afterEach(() => close());

/** A server with scripted answers, which records the Idempotency-Keys that it receives. */
async function serverThat(...acts: Act[]): Promise<{ url: string; keys: unknown[] }> {
  const keys: unknown[] = [];
  const server = createServer((request, response) => {
    keys.push(request.headers['idempotency-key']);
    request.resume().on('end', () => (acts.shift() as Act)(request, response));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  close = () => new Promise((done) => server.close(() => done()));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, keys };
}

const answer =
  (status: number, body: object, headers: Record<string, string> = {}): Act =>
  (_, response) =>
    response
      .writeHead(status, { 'content-type': 'application/json', connection: 'close', ...headers })
      .end(JSON.stringify(body));

it('retries a batch with the same Idempotency-Key after 503, 429 and a broken connection', async () => {
  const { url, keys } = await serverThat(
    answer(503, {}, { 'retry-after': '0' }),
    answer(429, {}, { 'retry-after': '0' }),
    (request) => request.socket.destroy(),
    answer(202, RECEIPT),
  );
  expect(await createClient(url, 'key').sendLines('{}')).toEqual(RECEIPT);
  expect(keys).toHaveLength(4);
  expect(new Set(keys).size).toBe(1);
});

it('treats 422 as a receipt, because the next batch may be stored', async () => {
  const { url } = await serverThat(answer(422, { ...RECEIPT, accepted: 0, rejected: 1 }));
  expect(await createClient(url, 'key').sendLines('{}')).toMatchObject({ rejected: 1 });
});

it('gives up at once if Retry-After is over two minutes, and says why', async () => {
  const problem = { title: 'The month is used up', detail: 'It ends on 1 December.' };
  const { url } = await serverThat(answer(429, problem, { 'retry-after': '864000' }));
  await expect(createClient(url, 'key').sendLines('{}')).rejects.toThrow(
    'POST /v1/events failed with 429: The month is used up. It ends on 1 December.',
  );
});

it('says that no server answers', async () => {
  const { url } = await serverThat();
  await close();
  close = async () => {};
  await expect(createClient(url, 'key').ask('GET', '/v1/metrics')).rejects.toThrow(`${url} cannot be reached (ECONNREFUSED).`);
});
