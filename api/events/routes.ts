import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { type EventPage, listEverywhere } from '../../sql/archive/archived-events.ts';
import { ArchiveChanged } from '../../sql/archive/rows.ts';
import { withTenant } from '../../sql/database/db.ts';
import { askFor } from '../../sql/database/fair-pool.ts';
import type { EventFilter } from '../../sql/events/events.ts';
import type { Identity } from '../../sql/tenants/tenants.ts';
import { readBody } from '../http/body.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { unavailable } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { instant, uuid } from '../http/schemas.ts';
import type { Api, Seen } from '../http/types.ts';
import { formOf } from './event-form.ts';
import { eventText } from './event-text.ts';
import { receive } from './receive.ts';
import { eventSpecs } from './spec.ts';

/** Whether a request is POST /v1/events, which answerIngest() serves. */
export function isIngest({ method, url = '' }: IncomingMessage): boolean {
  return method === 'POST' && /^\/v1\/events\/?(\?|$)/.test(url);
}

/** POST /v1/events, on node's own request object: it reads its own bytes. Express would double its cost. */
export async function answerIngest(deps: Deps, request: IncomingMessage, response: ServerResponse, seen: Seen): Promise<void> {
  seen.route = '/v1/events';
  const identity = await deps.auth.identify(request, ['ingest'], seen);
  await deps.limits.request(identity, response);
  await askFor({ tenantId: identity.tenantId }, () => takeIn(deps, identity, request, response));
}

async function takeIn(deps: Deps, identity: Identity, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const form = formOf(request.headers);
  let reserved = 0;
  const reserve = (bytes: number) => {
    deps.groupCommit.reserve(bytes);
    reserved += bytes;
  };
  try {
    const body = await readBody(request, { maxBytes: deps.config.MAX_REQUEST_BYTES, reserve });
    const key = request.headers['idempotency-key'];
    const whole = prefersWhole(request.headers.prefer);
    const reply =
      key === undefined
        ? await receive(deps, identity, body, form, whole, reserve)
        : await deps.idempotency.once(identity, request, form.sent(body), (first) =>
            receive(deps, identity, body, form, whole, reserve, { key: String(key), first }),
          );
    const text = JSON.stringify(reply.body);
    response.writeHead(reply.status as number, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
  } finally {
    deps.groupCommit.release(reserved);
  }
}

const prefersWhole = (prefer: string | string[] | undefined) => String(prefer ?? '').includes('return=representation');

const eventSchema = z.object({
  specversion: z.literal('1.0'),
  id: z.string(),
  source: z.string(),
  type: z.string(),
  time: z.string(),
  subject: z.string().optional(),
  data: z.unknown().optional(),
  data_base64: z.string().optional(),
});

const listQuery = pageQuery.extend({
  type: z.string().max(200).optional(),
  subject: z.string().max(500).optional().meta({ description: 'The plain value or its pseudonym' }),
  from: instant.optional(),
  to: instant.optional(),
  import: uuid.optional().meta({ description: 'Id of a document that gave the events' }),
});

export function mountEvents(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...eventSpecs.list,
      method: 'get',
      path: '/v1/events',
      scopes: ['read'],
      query: listQuery,
      filters: ['type', 'subject'],
      status: 200,
      answer: z.object({ data: z.array(eventSchema), next_cursor: z.string().nullable() }),
    },
    async ({ identity, query, request, response }) => {
      const cursor = query.cursor === undefined ? null : decodeCursor(query.cursor, CURSOR.time, CURSOR.uuid);
      const { subject } = query;
      const subjects = subject === undefined ? null : [subject, (await deps.types.of(identity.tenantId)).pseudonym(subject)];
      const { rows, more, resume } = await listed(deps, identity.tenantId, {
        type: query.type ?? null,
        subjects,
        from: query.from ?? null,
        to: query.to ?? null,
        document: query.import ?? null,
        before: cursor && { time: cursor[0] as string, id: cursor[1] as string },
        limit: query.limit,
      });
      const reply = page(request, resume ? [resume] : rows, more || resume !== null, (row) =>
        encodeCursor(row.cursor_time, row.id),
      );
      for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
      const { next_cursor } = reply.body as { next_cursor: string | null };
      response.setHeader('content-type', 'application/json; charset=utf-8');
      response.end(`{"data":[${rows.map(eventText).join(',')}],"next_cursor":${JSON.stringify(next_cursor)}}`);
      return undefined;
    },
  );
}

const ATTEMPTS = 3;

// Reads again if a file was rewritten or destroyed after its manifest was read: a successor may have replaced it.
async function listed(deps: Deps, tenantId: string, filter: EventFilter): Promise<EventPage> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await withTenant(deps.pool, tenantId, (client) => listEverywhere(client, tenantId, filter, deps.archive));
    } catch (error) {
      if (!(error instanceof ArchiveChanged)) throw error;
      if (attempt === ATTEMPTS) throw unavailable('Files of the archive are being rewritten.');
    }
  }
}
