import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { Json } from './api.ts';
import { cleanUp } from './clean-up.ts';
import { answerEmbed } from './metabase-embed.ts';
import { answer } from './metabase-objects.ts';
import { type Checker, createChecker } from './metabase-openapi.ts';
import { makeWorld, type Reply, type World, type WorldOptions } from './metabase-world.ts';

export type MetabaseServer = {
  url: string;
  /** Its state, which tests read and change as people would. */
  world: World;
  /** Requests so far, e.g. `POST /api/card`. */
  requests: string[];
  /** Requests and answers that do not match the OpenAPI document. */
  violations: string[];
  /** Breaks all connections from the n-th request on: before the request is processed, or after it if `done`. */
  breakAt: (n: number, done: boolean) => void;
  mend: () => void;
  close: () => Promise<void>;
};

/**
 * A stand-in for Metabase that keeps state and has its documented traps. It follows the documentation and was never compared
 * with a real server. Cards really run, with the login of their database entry.
 */
export async function useMetabase(options: WorldOptions = {}): Promise<MetabaseServer> {
  const world = makeWorld(options);
  const checker: Checker = createChecker();
  const requests: string[] = [];
  let broken = { at: Number.POSITIVE_INFINITY, done: false };
  let count = 0;

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://metabase');
    const method = request.method ?? 'GET';
    requests.push(`${method} ${url.pathname}`);
    count += 1;
    if (count > broken.at || (count === broken.at && !broken.done)) return void request.socket.destroy();
    const body = method === 'POST' || method === 'PUT' ? ((await json(request).catch(() => undefined)) as Json) : undefined;
    const asked = { method, url, body, headers: request.headers };
    const found = checker.request(asked);
    const reply: Reply = found.fault
      ? { status: 400, body: found.fault }
      : ((await answerEmbed(world, asked)) ?? (await answer(world, asked, found)));
    checker.answer(found, reply);
    if (count === broken.at) return void request.socket.destroy();
    response.writeHead(reply.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(reply.body ?? null));
  }

  const server = createServer((request, response) => {
    respond(request, response).catch((error: Error) => {
      response.writeHead(500);
      response.end(`${error.stack}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    world,
    requests,
    violations: checker.violations,
    breakAt(n, done) {
      count = 0;
      broken = { at: n, done };
    },
    mend() {
      broken = { at: Number.POSITIVE_INFINITY, done: false };
    },
    close: cleanUp(async () => {
      if (!server.listening) return;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      for (const pool of world.pools.values()) await pool.end();
    }),
  };
}
