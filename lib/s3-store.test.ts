import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { fetchFile } from '../sql/archive/home.ts';
import { openS3Store } from './s3-store.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mirante-stall-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const PATIENCE = { connectMs: 500, answerMs: 300, stallMs: 200 };

/** A store whose server handles each request with `answer`. */
async function storeOf(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const store = openS3Store(`s3://a:b@bucket?endpoint=http://127.0.0.1:${(server.address() as AddressInfo).port}`, PATIENCE);
  onTestFinished(() => {
    store.close();
    server.closeAllConnections();
    server.close();
  });
  return store;
}

const half = (bytes: number) => (_request: IncomingMessage, response: ServerResponse) => {
  response.writeHead(200, { 'content-length': bytes });
  response.write(randomBytes(bytes / 2));
};

test('a body that stalls in the middle is an error, also while an archived file is fetched', async () => {
  const store = await storeOf(half(10_000));
  await expect(buffer((await store.get('x')) as never)).rejects.toThrow('No data received for 0.2 seconds');
  await expect(fetchFile(store, { name: 'x', sha256: '' }, join(folder, 'x'))).rejects.toThrow('No data received');
});

test('a list that stalls is an error', async () => {
  const store = await storeOf((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.write('<?xml version="1.0"?><ListBucketResult>');
  });
  const listing = async () => {
    for await (const _ of store.list('')) break;
  };
  await expect(listing()).rejects.toThrow();
}, 20_000);

test('an upload that is not read or not answered is an error', async () => {
  const path = join(folder, 'large');
  await writeFile(path, randomBytes(12 * 1024 * 1024));
  const taken = await storeOf((request) => void request.resume());
  await expect(taken.put('x', path)).rejects.toThrow();
  const deaf = await storeOf((request) => void request.pause());
  await expect(deaf.put('x', path)).rejects.toThrow();
}, 20_000);

test('a reader that stops ends the request, and a broken connection is an error', async () => {
  let closed: (() => void) | undefined;
  const left = new Promise<void>((done) => {
    closed = done;
  });
  const store = await storeOf((request, response) => {
    half(10_000)(request, response);
    if (request.url?.includes('broken')) setImmediate(() => response.destroy());
    else response.once('close', () => closed?.());
  });
  const body = await store.get('x');
  body?.destroy();
  await left;
  await expect(buffer((await store.get('broken')) as never)).rejects.toThrow();
});
