import { createServer, type Server } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { v4 } from 'uuid';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { readBody } from '../api/http/body.ts';
import { useApi } from './support/api.ts';
import { makeTenant, useDatabase } from './support/harness.ts';
import { eventsHead, openRaw } from './support/raw-http.ts';

const db = await useDatabase();
const api = await useApi(db);
const tenant = await makeTenant(db);

const event = () => ({ id: v4(), type: 'test.sent.v1', time: new Date().toISOString() });
const statusOf = (answer: string) => Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1]);
const problemOf = (answer: string) => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')));

/** Bytes of request bodies that the API reports as buffered. */
async function heldBytes(): Promise<number> {
  const text = await (await fetch(`${api.metricsUrl}/metrics`)).text();
  return Number(/^mirante_buffer_bytes (\d+)/m.exec(text)?.[1]);
}

const holdsNothing = () => expect.poll(heldBytes, { timeout: 60_000 }).toBe(0);

async function stillWorks(): Promise<void> {
  expect((await api.call('POST', '/v1/events', tenant.keys.ingest, event())).body.accepted).toBe(1);
}

/** Shortens limits that the servers of the API and of the metrics share, for one test. */
function hurry(server: Server, limits: { requestTimeout?: number; headersTimeout?: number; timeout?: number }): void {
  const { requestTimeout, headersTimeout, timeout } = server;
  Object.assign(server, limits);
  onTestFinished(() => void Object.assign(server, { requestTimeout, headersTimeout, timeout }));
}

describe('slow clients', () => {
  test('have the same limits on both servers', () => {
    for (const server of [api.server, api.metricsServer]) {
      expect(server).toMatchObject({ requestTimeout: 30_000, headersTimeout: 10_000, timeout: 120_000 });
    }
  });

  test('a slow body ends in 408, and its memory is freed', async () => {
    hurry(api.server, { requestTimeout: 1_000, headersTimeout: 1_000 });
    const { socket, answer } = openRaw(api.url);
    socket.write(eventsHead(tenant.keys.ingest, ['Content-Length: 4000000']));
    socket.write(`[${'1,'.repeat(50_000)}`);
    const dripping = setInterval(() => socket.write('1,'), 50);
    await expect.poll(heldBytes).toBeGreaterThan(99_000);
    const text = await answer;
    clearInterval(dripping);
    expect(statusOf(text)).toBe(408);
    expect(problemOf(text)).toMatchObject({ code: 'request-timeout', status: 408 });
    await holdsNothing();
    await stillWorks();
  });

  test.each([
    ['a call with a key', () => tenant.keys.ingest],
    ['a call without a key', () => 'none'],
  ])('a slow body of any other call ends in 408: %s', async (_, key) => {
    hurry(api.server, { requestTimeout: 1_000, headersTimeout: 1_000 });
    const { socket, answer } = openRaw(api.url);
    socket.write(eventsHead(key(), ['Content-Length: 90000']).replace('/v1/events', '/v1/tenants'));
    const dripping = setInterval(() => socket.write(' '), 50);
    const text = await answer;
    clearInterval(dripping);
    expect(statusOf(text)).toBe(408);
    expect(problemOf(text)).toMatchObject({ code: 'request-timeout' });
  });

  test.each(['url', 'metricsUrl'] as const)('endless headers are answered with 408 (%s)', async (url) => {
    hurry(url === 'url' ? api.server : api.metricsServer, { headersTimeout: 500 });
    const { socket, answer } = openRaw(api[url]);
    socket.write('POST /v1/events HTTP/1.1\r\nHost: loc');
    expect(statusOf(await answer)).toBe(408);
  });

  test('a body that the metrics server does not expect does not keep the connection open', async () => {
    hurry(api.metricsServer, { requestTimeout: 1_000, headersTimeout: 1_000 });
    const { socket, answer } = openRaw(api.metricsUrl);
    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n');
    const dripping = setInterval(() => socket.write(' '), 50);
    expect(statusOf(await answer)).toBe(200);
    clearInterval(dripping);
  });

  test('a client that requests and does not read is dropped', async () => {
    hurry(api.server, { timeout: 500 });
    const dropped = new Promise((done) => api.server.once('connection', (connection) => connection.once('close', done)));
    const { socket, answer } = openRaw(api.url);
    socket.once('connect', () => socket.pause());
    // The largest answer, uncompressed: far more than the buffers of two sockets.
    socket.write('GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(100));
    await dropped;
    socket.resume();
    expect((await answer).length).toBeLessThan(20_000_000);
  });
});

describe('aborted uploads', () => {
  test.each(['identity', 'gzip'])('in the middle of a body (%s) leave nothing behind', async (encoding) => {
    const bytes = Buffer.from(
      JSON.stringify(Array.from({ length: 900 }, () => ({ ...event(), data: { x: v4().repeat(50) } }))),
    );
    const body = encoding === 'gzip' ? gzipSync(bytes, { level: 1 }) : bytes;
    const connections = Array.from({ length: 10 }, () => openRaw(api.url));
    for (const { socket } of connections) {
      socket.write(eventsHead(tenant.keys.ingest, [`Content-Length: ${body.length}`, `Content-Encoding: ${encoding}`]));
      socket.write(body.subarray(0, body.length >> 1));
    }
    await expect.poll(heldBytes).toBeGreaterThan(0);
    for (const { socket } of connections) socket.destroy();
    await Promise.all(connections.map(({ answer }) => answer));
    await holdsNothing();
    await stillWorks();
  });

  test.each(['identity', 'gzip'])('before the body is read (%s) are noticed', async (encoding) => {
    const outcome = vi.fn();
    const server = createServer((request) => {
      request.once('close', async () => {
        await setImmediate();
        readBody(request, { maxBytes: 1e6, reserve: () => undefined }).then(outcome, (error: { code: string }) =>
          outcome(error.code),
        );
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    const { socket } = openRaw(`http://127.0.0.1:${port}`);
    socket.write(eventsHead('x', ['Content-Length: 5', `Content-Encoding: ${encoding}`]), () => socket.destroy());
    await expect.poll(() => outcome.mock.calls).toEqual([['request-timeout']]);
    server.close();
  });
});

describe('requests that no valid client sends', () => {
  test.each([
    ['no HTTP at all', 'hello\r\n\r\n', 400, 'malformed-request'],
    ['a TLS greeting', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000', 400, 'malformed-request'],
    [
      'a length that is no number',
      'POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n',
      400,
      'malformed-request',
    ],
    [
      'two lengths',
      'POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      400,
      'malformed-request',
    ],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
      'malformed-request',
    ],
    ['no host', 'GET /livez HTTP/1.1\r\n\r\n', 400, undefined],
    ['endless headers', `GET /livez HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers-too-large'],
  ])('%s', async (_, text, status, code) => {
    const { socket, answer } = openRaw(api.url);
    socket.write(text);
    const got = await answer;
    expect(statusOf(got)).toBe(status);
    if (code) {
      expect(got).toMatch(/\r\nContent-Type: application\/problem\+json/);
      expect(problemOf(got)).toMatchObject({ status, code });
    }
  });

  test('invalid bytes after a valid request do not affect its answer', async () => {
    const body = JSON.stringify(event());
    const { socket, answer } = openRaw(api.url);
    socket.write(`${eventsHead(tenant.keys.ingest, [`Content-Length: ${body.length}`])}${body}`);
    await expect.poll(() => socket.bytesRead).toBeGreaterThan(0);
    socket.write('rubbish\r\n\r\n');
    const got = await answer;
    expect(got.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 202', 'HTTP/1.1 400']);
  });

  test('pipelined requests are answered in order', async () => {
    const { socket, answer } = openRaw(api.url);
    const request = (body: string, more: string[]) =>
      `${eventsHead(tenant.keys.ingest, [`Content-Length: ${body.length}`, ...more])}${body}`;
    socket.write(request(JSON.stringify(event()), []) + request('{', []) + request('[]', ['Connection: close']));
    const got = await answer;
    expect(got.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 202', 'HTTP/1.1 400', 'HTTP/1.1 400']);
    expect(got.lastIndexOf('empty-batch')).toBeGreaterThan(got.indexOf('invalid-json'));
  });

  test('a body shorter than its declared length is waited for, a longer one is cut', async () => {
    const body = JSON.stringify(event());
    const long = openRaw(api.url);
    long.socket.write(`${eventsHead(tenant.keys.ingest, [`Content-Length: ${body.length}`])}${body}surplus\r\n\r\n`);
    expect((await long.answer).match(/HTTP\/1\.1 \d{3}/g)).toContain('HTTP/1.1 400');
    const short = openRaw(api.url);
    short.socket.write(`${eventsHead(tenant.keys.ingest, [`Content-Length: ${body.length + 5}`])}${body}`);
    short.socket.end();
    expect(await short.answer).not.toContain(' 202 ');
    await holdsNothing();
  });
});

test('HTTP/1.0 clients and HEAD requests get their answers', async () => {
  const body = JSON.stringify(event());
  const old = openRaw(api.url);
  old.socket.write(`${eventsHead(tenant.keys.ingest, [`Content-Length: ${body.length}`], 'HTTP/1.0')}${body}`);
  const got = await old.answer;
  expect(statusOf(got)).toBe(202);
  expect(got).not.toMatch(/transfer-encoding/i);
  expect(JSON.parse(got.slice(got.indexOf('\r\n\r\n'))).accepted).toBe(1);
  const head = await fetch(`${api.url}/v1/events`, {
    method: 'HEAD',
    headers: { authorization: `Bearer ${tenant.keys.read}` },
  });
  expect([head.status, await head.text()]).toEqual([200, '']);
  expect((await fetch(`${api.url}/v1/events`, { method: 'HEAD' })).status).toBe(401);
  expect((await fetch(`${api.metricsUrl}/metrics`, { method: 'HEAD' })).status).toBe(200);
});

test('zip bombs are refused while they are decompressed, in every encoding', async () => {
  const zipped = { 'content-encoding': 'gzip' };
  const bomb = gzipSync(Buffer.alloc(80_000_000, 32));
  const before = process.memoryUsage().rss;
  for (const body of [bomb, Buffer.concat(Array(20).fill(gzipSync(Buffer.alloc(1_000_000, 32))))]) {
    const answer = await api.call('POST', '/v1/events', tenant.keys.ingest, body, zipped);
    expect([answer.status, answer.body.code]).toEqual([413, 'too-large']);
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
  const nested = await api.call('POST', '/v1/events', tenant.keys.ingest, gzipSync(bomb), zipped);
  expect([nested.status, nested.body.code]).toEqual([400, 'invalid-encoding']);
  const twice = await api.call('POST', '/v1/events', tenant.keys.ingest, gzipSync(bomb), { 'content-encoding': 'gzip, gzip' });
  expect(twice.status).toBe(415);
  const small = await api.call('POST', '/v1/tenants', undefined, bomb, zipped);
  expect(small.status).toBe(413);
  await holdsNothing();
});
