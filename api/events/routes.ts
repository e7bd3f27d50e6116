import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Express } from 'express';
import { z } from 'zod';
import { type EventPage, listEverywhere } from '../../sql/archive/archived-events.ts';
import { ArchiveChanged } from '../../sql/archive/rows.ts';
import { withTenant } from '../../sql/database/db.ts';
import { askFor } from '../../sql/database/fair-pool.ts';
import type { EventFilter, StoredEvent } from '../../sql/events/events.ts';
import { quarantine } from '../../sql/quarantine/quarantine.ts';
import type { Identity } from '../../sql/tenants/tenants.ts';
import { readBody } from '../http/body.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import type { Seen } from '../http/observe.ts';
import { emptyBatch, invalidJson, Problem, tooLarge, unavailable } from '../http/problems.ts';
import { page, pageQuery, type Reply, route } from '../http/route.ts';
import { instant } from '../http/schemas.ts';
import { derivedId, type Refusal } from './envelope.ts';
import { type EventForm, formOf } from './event-form.ts';
import { acceptedOf, type Judged, judge, keepRefused, type ReceiptItem, store } from './ingest.ts';
import { badArray, badItem, mistakenLines } from './json-fault.ts';
import { cutItems, cutLines, type JsonItem } from './json-items.ts';
import { eventSpecs } from './spec.ts';

/** Whether a request is POST /v1/events, which answerIngest() serves. */
export function isIngest({ method, url = '' }: IncomingMessage): boolean {
  return method === 'POST' && /^\/v1\/events\/?(\?|$)/.test(url);
}

/** POST /v1/events, on node's own request: it reads its own bytes, and Express would cost as much again as all the rest. */
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
    const body = await readBody(request, { mostBytes: deps.config.MAX_REQUEST_BYTES, reserve });
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

// From bytes to receipt. Under an Idempotency-Key, ids and times that the events lack come from the key, so that a second run
// after a crash finds what the first one stored.
async function receive(
  deps: Deps,
  identity: Identity,
  body: Buffer,
  form: EventForm,
  whole: boolean,
  reserve: (bytes: number) => void,
  once?: { key: string; first: Date },
): Promise<Reply> {
  const defaults =
    once &&
    ((index: number) => ({
      id: derivedId(`${identity.tenantId} ${once.key}`, String(index)),
      time: once.first.getTime(),
      source: identity.keyName,
    }));
  // With the time, because the same key may come again for another request, a day later.
  const known = once && {
    receivedAt: once.first,
    idOf: (index: number) => derivedId(`${identity.tenantId} ${once.key} ${once.first.toISOString()}`, String(index)),
  };
  try {
    const text = form.text(body);
    const items = cut(text, form, deps.config.MAX_EVENTS_PER_REQUEST);
    await deps.limits.events(identity, items.length);
    deps.limits.within('monthly-events', identity);
    let broken = 0;
    const judged = await judge(deps, identity, items, defaults, (index): Refusal => {
      if (form.kind !== 'lines') throw badItem(text, items[index] as JsonItem, index);
      if (++broken === items.length) throw invalidJson('No line can be parsed.');
      return { status: 'rejected', code: 'invalid-json', detail: 'The line cannot be parsed.', id: null, type: null };
    });
    if (judged.some((verdict) => !('row' in verdict))) deps.limits.within('quarantine', identity);
    reserve(growthOf(judged));
    const receipt = await store(deps, identity, judged);
    await keepRefused(deps, identity, items, judged, receipt, known);
    return answer(deps, identity, receipt, whole);
  } catch (error) {
    if (error instanceof Problem && (error.code === 'invalid-json' || error.code === 'invalid-encoding')) {
      deps.limits.within('quarantine', identity);
      const { code, detail = null } = error;
      // Before all events, because it is none.
      const whole = { index: -1, status: 'rejected' as const, code, detail, pointer: null, type: null, raw: body };
      await quarantine(deps.intake, identity.keyId, [whole], known);
      deps.limits.spend('quarantine', identity, body.length);
    }
    throw error;
  }
}

// Pseudonyms may be longer than what they replace.
function growthOf(judged: Judged[]): number {
  return acceptedOf(judged).reduce((sum, { row }) => sum + Math.max(0, (row.data?.length ?? 0) - row.bytes), 0);
}

function cut(text: string, form: EventForm, most: number): JsonItem[] {
  const lines = form.kind === 'json' ? mistakenLines(text) : undefined;
  if (lines) throw lines;
  const items = form.kind === 'lines' ? cutLines(text, most) : cutItems(text, most);
  if (!items) throw badArray(text);
  if (form.kind === 'json' && items.length === 1 && items[0]?.text === '') throw invalidJson('The body is empty.');
  if (items.length === 0) throw emptyBatch();
  if (items.length > most) throw tooLarge(`A request may hold ${most} events.`);
  return items;
}

function answer(deps: Deps, identity: Identity, receipt: ReceiptItem[], whole: boolean): Reply {
  const counts = { accepted: 0, duplicate: 0, conflict: 0, quarantined: 0, rejected: 0 };
  for (const { status } of receipt) counts[status]++;
  deps.limits.spend('monthly-events', identity, counts.accepted);
  deps.openMetrics.countEvents(counts);
  const body = {
    received: receipt.length,
    accepted: counts.accepted,
    duplicates: counts.duplicate,
    conflicts: counts.conflict,
    quarantined: counts.quarantined,
    rejected: counts.rejected,
    warnings: receipt.flatMap(({ index, warnings = [] }) => warnings.map((warning) => ({ index, ...warning }))),
    items: receipt.filter(({ status }) => whole || status !== 'accepted').map(({ warnings: _, ...item }) => item),
  };
  return { status: counts.accepted + counts.duplicate + counts.quarantined > 0 ? 202 : 422, body };
}

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
});

export function mountEvents(app: Express, deps: Deps): void {
  route(
    app,
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

// A file that was rewritten or destroyed between manifest and reading has a successor, or none.
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

// Written as text, so that the numbers of `data` keep the digits that were sent.
function eventText(row: StoredEvent & { cursor_time: string }): string {
  const head = JSON.stringify({
    specversion: '1.0',
    id: row.event_id ?? row.id,
    source: row.source,
    type: row.type,
    time: row.cursor_time.replace(' ', 'T').replace(/\+00$/, 'Z'),
    ...(row.subject === null ? {} : { subject: row.subject }),
  }).slice(0, -1);
  const attributes = row.attributes ? `,${row.attributes.trim().slice(1, -1)}` : '';
  return `${head}${attributes}${row.data === null ? '' : `,"data":${row.data}`}}`;
}
