import type { Response } from 'express';
import type { LivePlace } from '../../sql/events/live.ts';
import { CURSOR, decodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { invalidRequest, Problem } from '../http/problems.ts';
import { route } from '../http/route.ts';
import type { Api, Seen } from '../http/types.ts';
import { EVENT_FILTERS, eventFilter, matches, type WantedEvents, wantedOf } from './event-filter.ts';
import type { LiveReading } from './live-tails.ts';
import { eventSpecs } from './spec.ts';

const COMMENT_MS = 15_000;
/** How often it is asked whether the key or session is still good. */
const CHECK_MS = 5_000;

const HEAD = {
  'content-type': 'text/event-stream; charset=utf-8',
  // nginx would hold events back.
  'x-accel-buffering': 'no',
};
const GAP = 'event: gap\ndata: {}\n\n';

/** GET /v1/events/live: events as they are received. */
export function mountLiveEvents(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...eventSpecs.live,
      method: 'get',
      path: '/v1/events/live',
      scopes: ['read'],
      query: eventFilter,
      filters: EVENT_FILTERS,
      headers: { 'Last-Event-ID': 'The `id` of the last event that was read: the stream goes on behind it' },
      status: 200,
      produces: ['text/event-stream'],
    },
    async ({ identity, query, request, response }) => {
      const after = receiptOf(request.headers['last-event-id']);
      if (request.method === 'HEAD') return { headers: HEAD };
      const wanted = await wantedOf(deps, identity, query);
      const began = performance.now();
      let sends: Sender | undefined;
      const reading = await deps.live.read(
        identity.tenantId,
        after,
        () => sends?.more(),
        () => response.end(),
      );
      const seen = response.locals.seen as Seen;
      const check = setInterval(() => {
        deps.auth.identify(request, ['read'], seen).then(
          // A visit that has ended leaves the browser with its operator's own session.
          ({ keyId }) => keyId === identity.keyId || response.end(),
          (error) => {
            // A database that is away says nothing of the key.
            if (error instanceof Problem && error.status < 500) response.end();
          },
        );
      }, CHECK_MS);
      const comment = setInterval(() => sends?.comment(), COMMENT_MS);
      const end = () => {
        clearInterval(check);
        clearInterval(comment);
        reading.leave();
      };
      response.once('close', end);
      if (response.destroyed || response.writableEnded) {
        end();
        return undefined;
      }
      seen.began = performance.now() - began;
      response.writeHead(200, HEAD);
      sends = createSender(response, reading, wanted);
      sends.more();
      sends.comment();
      return undefined;
    },
  );
}

function receiptOf(offset: string | string[] | undefined): LivePlace | undefined {
  if (offset === undefined || offset === '') return undefined;
  try {
    const [received = '', id = ''] = decodeCursor(String(offset), CURSOR.time, CURSOR.uuid);
    return { received, id };
  } catch {
    const detail = 'Last-Event-ID is no offset of this stream. Send the `id` of an event unchanged, or leave the header out.';
    throw invalidRequest([{ pointer: '/Last-Event-ID', code: 'invalid-cursor', detail }]);
  }
}

type Sender = { more: () => void; comment: () => void };

/** Sends everything new to a reader as fast as it reads; nothing is kept for it but its place in the ring. */
function createSender(response: Response, { ring, start, offset }: LiveReading, wanted: WantedEvents): Sender {
  let next = start ?? -1;
  let isFull = false;

  function put(text: string): void {
    if (response.write(text)) return;
    isFull = true;
    response.once('drain', () => {
      isFull = false;
      more();
    });
  }

  function more(): void {
    while (!isFull && !response.writableEnded && next < ring.next()) {
      if (next < ring.first()) {
        next = ring.first();
        put(GAP);
        continue;
      }
      const frame = ring.at(next++);
      if (frame && matches(frame, wanted)) put(frame.text);
    }
  }

  // With how far the stream has come, so that a reader of rare events does not come back with an offset of long ago.
  function comment(): void {
    if (!isFull && !response.writableEnded && next >= ring.next()) put(`:\nid: ${offset()}\n\n`);
  }

  return { more, comment };
}
