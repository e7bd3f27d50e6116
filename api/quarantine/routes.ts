import { isUtf8 } from 'node:buffer';
import type { Express } from 'express';
import { z } from 'zod';
import { withTenant } from '../../sql/database/db.ts';
import { compareEvents } from '../../sql/events/events.ts';
import { listQuarantine, markReplayed, type Quarantined } from '../../sql/quarantine/quarantine.ts';
import type { Identity } from '../../sql/tenants/tenants.ts';
import type { Refusal } from '../events/envelope.ts';
import { acceptedOf, type Judged, judge, type ReceiptItem, recognise, refused, store } from '../events/ingest.ts';
import { cutItems, type JsonItem } from '../events/json-items.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { instant, uuid } from '../http/schemas.ts';
import { quarantineSpecs } from './spec.ts';

const row = z.object({
  id: uuid,
  received_at: z.iso.datetime(),
  status: z.enum(['quarantined', 'conflict', 'rejected']),
  code: z.string(),
  detail: z.string().nullable(),
  pointer: z.string().nullable(),
  type: z.string().nullable(),
  raw: z.string().nullable().meta({ description: 'What was sent, where it is UTF-8' }),
  raw_base64: z.string().optional().meta({ description: 'What was sent, where it is not UTF-8' }),
  replayed_at: z.iso.datetime().nullable(),
});

const filter = z.strictObject({
  code: z.string().max(100).optional(),
  type: z.string().max(200).optional(),
  from: instant.optional(),
  to: instant.optional(),
  ids: z.array(uuid).max(1000).optional(),
});

const replayInput = z.strictObject({
  filter: filter.default({}),
  dry_run: z.boolean().default(false),
  limit: z.number().int().min(1).max(1000).default(1000),
});

const receiptItem = z.object({
  index: z.number().int(),
  quarantine_id: uuid,
  id: z.string().nullable(),
  status: z.enum(['accepted', 'duplicate', 'conflict', 'quarantined', 'rejected']),
  code: z.string().optional(),
  detail: z.string().optional(),
  pointer: z.string().optional(),
});

const replayAnswer = z.object({
  dry_run: z.boolean(),
  received: z.number().int(),
  accepted: z.number().int(),
  duplicates: z.number().int(),
  conflicts: z.number().int(),
  quarantined: z.number().int(),
  rejected: z.number().int(),
  items: z.array(receiptItem),
});

export function mountQuarantine(app: Express, deps: Deps): void {
  route(
    app,
    deps,
    {
      ...quarantineSpecs.list,
      method: 'get',
      path: '/v1/quarantine',
      scopes: ['tenant-admin'],
      query: pageQuery.extend(filter.omit({ ids: true }).shape),
      filters: ['code', 'type'],
      status: 200,
      answer: z.object({ data: z.array(row), next_cursor: z.string().nullable() }),
    },
    async ({ identity, query, request }) => {
      const cursor = query.cursor === undefined ? null : decodeCursor(query.cursor, CURSOR.time, CURSOR.uuid);
      const before = cursor && { received_at: cursor[0] as string, id: cursor[1] as string };
      const { rows, more } = await withTenant(deps.pool, identity.tenantId, (client) =>
        listQuarantine(client, { ...wholeFilter(query), before, pending: false, limit: query.limit }),
      );
      const reply = page(request, rows, more, (last) => encodeCursor(last.cursor_time, last.id));
      return { ...reply, body: { ...(reply.body as object), data: rows.map(shown) } };
    },
  );

  route(
    app,
    deps,
    {
      ...quarantineSpecs.replay,
      method: 'post',
      path: '/v1/quarantine/replay',
      scopes: ['tenant-admin'],
      body: replayInput,
      status: 200,
      answer: replayAnswer,
    },
    async ({ identity, actor, body }) => {
      const { rows } = await withTenant(deps.pool, identity.tenantId, (client) =>
        listQuarantine(client, { ...wholeFilter(body.filter), before: null, pending: true, limit: body.limit }),
      );
      const receipts = await replay(rows.reverse());
      const stored = receipts.filter(({ status }) => status === 'accepted' || status === 'duplicate');
      if (!body.dry_run && stored.length > 0) {
        const ids = stored.map(({ quarantine_id }) => quarantine_id);
        await withTenant(deps.pool, identity.tenantId, (client) => markReplayed(client, ids), actor);
      }
      if (!body.dry_run)
        deps.limits.spend('monthly-events', identity, stored.filter(({ status }) => status === 'accepted').length);
      const count = (status: ReceiptItem['status']) => receipts.filter((item) => item.status === status).length;
      return {
        body: {
          dry_run: body.dry_run,
          received: receipts.length,
          accepted: count('accepted'),
          duplicates: count('duplicate'),
          conflicts: count('conflict'),
          quarantined: count('quarantined'),
          rejected: count('rejected'),
          items: receipts,
        },
      };

      // Under the time and id of its first reception, so that a replay that is cut off can be done again.
      async function replay(pending: Quarantined[]): Promise<(ReceiptItem & { quarantine_id: string })[]> {
        const defaults = (index: number) => {
          const { id, received_at, key_name } = pending[index] as Quarantined;
          return { id, time: received_at.getTime(), source: key_name };
        };
        const items = pending.map(({ raw }) => itemOf(raw));
        const judged = await judge(deps, identity, items, defaults, notJson);
        if (!body.dry_run) deps.limits.within('monthly-events', identity);
        const receipt = body.dry_run ? await foresee(deps, identity, judged) : await store(deps, identity, judged);
        return receipt.map(({ warnings: _, ...item }) => ({ ...item, quarantine_id: (pending[item.index] as Quarantined).id }));
      }
    },
  );
}

const notJson = (): Refusal => ({
  status: 'rejected',
  code: 'invalid-json',
  detail: 'It cannot be parsed.',
  id: null,
  type: null,
});

// What store() would say, without storing.
async function foresee(deps: Deps, identity: Identity, judged: Judged[]): Promise<ReceiptItem[]> {
  const accepted = acceptedOf(judged);
  const rows = accepted.map(({ row }) => row);
  const known = await withTenant(deps.pool, identity.tenantId, (client) => compareEvents(client, rows));
  const outcomes: ('duplicate' | 'conflict' | undefined)[] = rows.map((_, place) => known.get(place));
  await recognise(deps, identity, accepted, outcomes);
  let next = 0;
  return judged.map((verdict, index): ReceiptItem => {
    if (!('row' in verdict)) return refused(verdict, index);
    const id = verdict.row.eventId ?? verdict.row.id;
    return { index, id, status: outcomes[next++] ?? 'accepted' };
  });
}

function itemOf(raw: Buffer): JsonItem {
  // What is not UTF-8 is no JSON either, and must not be stored with other characters in the place of its own.
  const text = isUtf8(raw) ? raw.toString('utf8') : '';
  const items = cutItems(text, 1);
  return items?.length === 1 && text.trimStart()[0] !== '['
    ? (items[0] as JsonItem)
    : { text, start: 0, data: undefined, members: 0, depth: 0, hugeExponent: false };
}

function wholeFilter(given: z.infer<typeof filter>) {
  const { code = null, type = null, from = null, to = null, ids = null } = given;
  return { code, type, from, to, ids };
}

function shown({ cursor_time: _, key_name: __, raw, ...rest }: Quarantined & { cursor_time: string }) {
  return isUtf8(raw) ? { ...rest, raw: raw.toString('utf8') } : { ...rest, raw: null, raw_base64: raw.toString('base64') };
}
