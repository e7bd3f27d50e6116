import { z } from 'zod';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { POINTER } from '../../lib/json-fields.ts';
import { type Client, withTenant } from '../../sql/database/db.ts';
import {
  addEventType,
  type EventType,
  findEventType,
  LEGAL_BASES,
  listEventTypes,
  MODES,
  SUBJECTS,
} from '../../sql/event-types/event-types.ts';
import { DIMENSIONS } from '../../sql/events/about.ts';
import { findRewrites, isCounted, requestRewrite } from '../../sql/privacy/field-rewrites.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { conflict, notFound } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { namesNobody } from '../http/schemas.ts';
import type { Api } from '../http/types.ts';
import { acceptSchema } from './event-types.ts';
import { eventTypeSpecs } from './spec.ts';

const params = z.object({
  type: z
    .string()
    .min(1)
    .max(200)
    .refine(...namesNobody),
});

// These two are columns of their own, and metrics are computed from them.
const MEASURES = new Set(['/duration_ms', '/outcome']);

const words = z.array(z.string().min(1).max(200)).max(50);

/** A record of processing (LGPD art. 37). */
export const processing = z.strictObject({
  purpose: z.string().min(1).max(2000),
  legal_basis: z.enum(LEGAL_BASES).meta({ description: 'LGPD art. 7' }),
  data_categories: words.min(1),
  data_subjects: words.optional(),
  retention_days: z.number().int().min(1).max(36_500).optional(),
  storage_country: z.string().regex(/^[A-Z]{2}$/, 'must be an ISO 3166-1 alpha-2 country code, e.g. BR'),
  recipients: words.optional(),
});

const input = z.strictObject({
  schema: z
    .record(z.string(), z.unknown())
    .meta({ description: 'JSON Schema of `data`: draft 2020-12, or 2019-09, 07 or 06 where `$schema` says so' }),
  mode: z.enum(MODES),
  description: z
    .string()
    .max(2000)
    .refine(...namesNobody)
    .optional(),
  personal_fields: z
    .array(
      z
        .string()
        .max(500)
        .regex(POINTER, 'must be a JSON Pointer (RFC 6901) into data, e.g. /email')
        .refine((pointer) => !MEASURES.has(pointer), { error: 'is used by metrics and cannot be a personal field' }),
    )
    .max(50)
    .default([])
    .meta({ description: 'JSON Pointers into `data` whose values are stored as pseudonyms; `*` is every item of an array' }),
  subject: z.enum(SUBJECTS).default('pseudonymised').meta({ description: 'How `subject` is stored' }),
  processing: processing.optional().meta({ description: 'Record of processing (LGPD art. 37)' }),
});

/** Roll-ups have the values of these for years, and cannot be rewritten. */
const DIMENSION = new RegExp(`^/(?:${DIMENSIONS.join('|')})(?:/|$)`);

const rewrite = z
  .object({
    progress: z.number().int().meta({ description: '0 to 100' }),
    rows: z.number().int().meta({ description: 'Stored and archived events that were rewritten so far' }),
    files: z.number().int().meta({ description: 'Files of the archive that were rewritten so far' }),
    requested_at: z.iso.datetime(),
    completed_at: z.iso.datetime().nullable(),
  })
  .optional()
  .meta({
    description: 'Of personal fields that were declared after events had been stored: how far their values are pseudonyms',
  });

const eventType = input.extend({
  rewrite,
  type: z.string(),
  version: z.number().int(),
  description: z.string().nullable(),
  processing: processing.nullable(),
  created_at: z.iso.datetime(),
});

export function mountEventTypes(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...eventTypeSpecs.put,
      method: 'put',
      path: '/v1/event-types/:type',
      scopes: ['tenant-admin'],
      params,
      body: input,
      status: 200,
      otherStatuses: [201],
      answer: eventType,
    },
    async ({ identity, actor, params: { type }, body }) => {
      acceptSchema(body.schema);
      const write = () =>
        withTenant(
          deps.pool,
          identity.tenantId,
          async (client) => {
            const current = await findEventType(client, type);
            const next = {
              type,
              ...body,
              description: body.description ?? null,
              processing: body.processing ?? null,
              version: (current?.version ?? 0) + 1,
            };
            if (current && sameType(current, next)) return { body: await withRewrite(client, current) };
            const added = next.personal_fields.filter((pointer) => !current?.personal_fields.includes(pointer));
            if (added.length > 0) await hideStored(client, identity.tenantId, type, added, next.personal_fields);
            return { status: 201, body: await withRewrite(client, await addEventType(client, identity.tenantId, next)) };
          },
          actor,
        );
      const reply = await write().catch((error: { code?: string }) => {
        if (error.code === '23505') throw conflict('version-conflict', 'Another request has just changed this event type');
        throw error;
      });
      deps.types.forget(identity.tenantId);
      return reply;
    },
  );

  route(
    api,
    deps,
    {
      ...eventTypeSpecs.get,
      method: 'get',
      path: '/v1/event-types/:type',
      scopes: ['tenant-admin'],
      params,
      status: 200,
      answer: eventType,
    },
    async ({ identity, params: { type } }) => {
      const found = await withTenant(deps.pool, identity.tenantId, async (client) => {
        const row = await findEventType(client, type);
        return row && withRewrite(client, row);
      });
      if (!found) throw notFound('event type');
      return { body: found };
    },
  );

  route(
    api,
    deps,
    {
      ...eventTypeSpecs.list,
      method: 'get',
      path: '/v1/event-types',
      scopes: ['tenant-admin'],
      query: pageQuery,
      status: 200,
      answer: z.object({ data: z.array(eventType), next_cursor: z.string().nullable() }),
    },
    async ({ identity, query, request }) => {
      const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, CURSOR.name)[0];
      const rows = await withTenant(deps.pool, identity.tenantId, (client) => listEventTypes(client, after, query.limit));
      return page(request, rows, rows.length === query.limit, (row) => encodeCursor(row.type));
    },
  );
}

async function hideStored(client: Client, tenantId: string, type: string, added: string[], all: string[]): Promise<void> {
  if (!(await isCounted(client, type))) return;
  const dimension = added.find((pointer) => DIMENSION.test(pointer));
  if (dimension)
    throw conflict(
      'dimension-in-use',
      'Metrics already count stored events by this field',
      `\`${dimension}\` of stored events is in roll-ups, which cannot be rewritten. Register a new type that declares it.`,
    );
  await requestRewrite(client, tenantId, type, all);
}

async function withRewrite(client: Client, row: EventType) {
  const [found] = await findRewrites(client, [row.type]);
  if (!found) return row;
  const { type: _, fields: __, ...rewrite } = found;
  return { ...row, rewrite };
}

// jsonb does not keep the order of keys, so values are compared with sorted keys.
function sameType(a: Omit<EventType, 'version' | 'created_at'>, b: Omit<EventType, 'version' | 'created_at'>): boolean {
  const parts = ({ mode, description, schema, personal_fields, subject, processing }: typeof a) =>
    canonicalJson([mode, description, schema, personal_fields, subject, processing]);
  return parts(a) === parts(b);
}
