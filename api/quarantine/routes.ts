import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { withTenant } from '../../sql/database/db.ts';
import { listQuarantine, markReplayed, type Quarantined } from '../../sql/quarantine/quarantine.ts';
import { totalsOf } from '../events/receipt.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { instant, uuid } from '../http/schemas.ts';
import type { Api } from '../http/types.ts';
import { replay } from './replay.ts';
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

export function mountQuarantine(api: Api, deps: Deps): void {
  route(
    api,
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
    api,
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
      const receipts = await replay(deps, identity, rows.reverse(), body.dry_run);
      const stored = receipts.filter(({ status }) => status === 'accepted' || status === 'duplicate');
      if (!body.dry_run && stored.length > 0) {
        const ids = stored.map(({ quarantine_id }) => quarantine_id);
        await withTenant(deps.pool, identity.tenantId, (client) => markReplayed(client, ids), actor);
      }
      if (!body.dry_run)
        deps.limits.spend('monthly-events', identity, stored.filter(({ status }) => status === 'accepted').length);
      return {
        body: {
          dry_run: body.dry_run,
          ...totalsOf(receipts),
          items: receipts,
        },
      };
    },
  );
}

function wholeFilter(given: z.infer<typeof filter>) {
  const { code = null, type = null, from = null, to = null, ids = null } = given;
  return { code, type, from, to, ids };
}

function shown({ cursor_time: _, key_name: __, raw, ...rest }: Quarantined & { cursor_time: string }) {
  return isUtf8(raw) ? { ...rest, raw: raw.toString('utf8') } : { ...rest, raw: null, raw_base64: raw.toString('base64') };
}
