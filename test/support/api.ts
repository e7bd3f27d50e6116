import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { wire } from '../../api/wire.ts';
import { readConfig } from '../../lib/config.ts';
import type { Logger } from '../../lib/log.ts';
import { cleanUp } from './clean-up.ts';
import { redisUrl, testSecret } from './harness.ts';

export type TestApi = {
  url: string;
  metricsUrl: string;
  /** For tests that shorten time limits. */
  server: Server;
  metricsServer: Server;
  /** Every call, by the OpenAPI document. */
  calls: ReturnType<typeof wire>['calls'];
  /** Sends a request with a key. A body that is no string or Buffer is sent as JSON. */
  call: (method: string, path: string, key?: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>;
  close: () => Promise<void>;
};

/** A parsed answer of any type. A missing member is undefined and fails the test that reads it. */
export type Json = ReturnType<typeof JSON.parse>;

export type Answer = { status: number; headers: Headers; text: string; body: Json };

const silent: Logger = pino({ level: 'silent' });

/** Starts the real API on a free port, with settings as from the environment. */
export async function useApi(
  db: { urls: { api: string; queue: string; metabase: string; ops: string } },
  settings: Record<string, string> = {},
): Promise<TestApi> {
  const config = readConfig({ LOG_LEVEL: 'silent', MIRANTE_SECRET: testSecret, ...settings });
  const wired = wire(config, { ...db.urls, redis: config.REDIS_URL ?? redisUrl() }, silent);
  const listen = async (server: typeof wired.server) => {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const url = await listen(wired.server);
  const metricsUrl = await listen(wired.metricsServer);

  return {
    url,
    metricsUrl,
    server: wired.server,
    metricsServer: wired.metricsServer,
    calls: wired.calls,
    async call(method, path, key, body, headers = {}) {
      const raw = typeof body === 'string' || body instanceof Uint8Array;
      const response = await fetch(url + path, {
        method,
        headers: {
          ...(key && { authorization: `Bearer ${key}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: raw ? (body as string) : JSON.stringify(body) }),
      });
      const text = await textOf(response);
      const parses = /[/+]json/.test(response.headers.get('content-type') ?? '');
      return { status: response.status, headers: response.headers, text, body: parses ? JSON.parse(text) : undefined };
    },
    close: cleanUp(wired.close),
  };
}

// Of an answer that does not end by itself, what it begins with.
async function textOf(response: Response): Promise<string> {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream') || !response.body) return response.text();
  const reader = response.body.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return new TextDecoder().decode(value);
}
