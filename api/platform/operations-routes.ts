import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import type { Queue } from 'bullmq';
import type { RequestHandler } from 'express';
import { z } from 'zod';
import type { Queues } from '../../jobs/queues.ts';
import type { Deps } from '../http/deps.ts';
import { Problem, unavailable, wrongScope } from '../http/problems.ts';
import { route } from '../http/route.ts';
import type { Api, Seen } from '../http/types.ts';
import { platformSpecs } from './spec.ts';

const BOARD = '/ops/queues';

const deadLetters = z.object({
  data: z.array(
    z.object({
      queue: z.string(),
      id: z.string(),
      name: z.string(),
      reason: z.string(),
      attempts: z.number().int(),
      failed_at: z.iso.datetime(),
    }),
  ),
});

// The board has its own scripts and writes styles into its page. Its web font and all other external files are blocked.
const BOARD_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'self'",
  // The console shows the board in its own frame.
  "frame-ancestors 'self'",
].join('; ');

/** For the platform's operator: jobs that failed permanently, and the board of all queues. */
export function mountOperations(api: Api, deps: Deps, queues: Queues): void {
  route(
    api,
    deps,
    {
      ...platformSpecs.deadLetters,
      method: 'get',
      path: '/ops/dead-letters',
      summary: 'Jobs of all queues that failed permanently',
      scopes: ['admin'],
      query: z.object({ limit: z.coerce.number().int().min(1).max(1000).default(100) }),
      status: 200,
      answer: deadLetters,
    },
    async ({ query }) => {
      const data = await queues.deadLetters(query.limit).catch(() => {
        throw unavailable('The queues do not answer. Try again later.');
      });
      return { body: { data } };
    },
  );
  api.app.use(BOARD, operatorOnly(deps), boardOf(queues));
}

// With this header a browser asks its user for the key; a script sends it as Bearer.
function operatorOnly(deps: Deps): RequestHandler {
  return async (request, response, next) => {
    try {
      await deps.auth.identify(request, ['admin'], response.locals.seen as Seen);
    } catch (error) {
      if (error instanceof Problem && error.status === 401) error.headers['www-authenticate'] = 'Basic realm="mirante"';
      throw error;
    }
    // A browser with the key also sends it with requests that other sites trigger.
    const site = request.headers['sec-fetch-site'];
    if (request.method !== 'GET' && site !== undefined && site !== 'same-origin') throw wrongScope(['admin']);
    response.setHeader('content-security-policy', BOARD_POLICY);
    response.setHeader('x-frame-options', 'SAMEORIGIN');
    next();
  };
}

// Built at the first visit, and again when a queue object has been replaced.
function boardOf(queues: Queues): RequestHandler {
  let shown: Queue[] = [];
  let router: RequestHandler;
  return (request, response, next) => {
    const present = queues.list();
    if (present.length !== shown.length || present.some((queue, n) => queue !== shown[n])) {
      const serverAdapter = new ExpressAdapter().setBasePath(BOARD);
      const options = { uiConfig: { boardTitle: 'Mirante' } };
      createBullBoard({ queues: present.map((queue) => new BullMQAdapter(queue)), serverAdapter, options });
      router = serverAdapter.getRouter() as RequestHandler;
      shown = present;
    }
    router(request, response, next);
  };
}
