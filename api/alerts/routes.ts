import { z } from 'zod';
import { DELIVERY_TYPES, listDeliveries } from '../../sql/alerts/deliveries.ts';
import { listRuleStates } from '../../sql/alerts/rules.ts';
import { withTenant } from '../../sql/database/db.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { uuid } from '../http/schemas.ts';
import type { Api } from '../http/types.ts';
import { alertSpecs } from './alerts-spec.ts';

const READERS = ['tenant-admin', 'admin', 'read'] as const;

const state = z.object({
  rule_id: uuid,
  name: z.string(),
  state: z.enum(['ok', 'pending', 'firing', 'unknown']),
  since: z.iso.datetime().meta({ description: 'Of pending and firing: since when the condition has held' }),
  value: z.number().nullable(),
  evaluated_at: z.iso.datetime().nullable(),
});

const delivery = z.object({
  id: uuid.meta({ description: 'The webhook-id of every attempt' }),
  rule_id: uuid.nullable().meta({ description: 'Null of an export, and where the rule has been deleted' }),
  endpoint_id: uuid,
  type: z.enum(DELIVERY_TYPES),
  status: z.enum(['waiting', 'delivered', 'failed']),
  attempts: z.number().int(),
  created_at: z.iso.datetime(),
  due_at: z.iso.datetime().nullable().meta({ description: 'When it is tried next' }),
  ended_at: z.iso.datetime().nullable(),
  response_code: z.number().int().nullable().meta({ description: 'Of the last attempt' }),
  error: z.string().nullable().meta({ description: 'Why the last attempt failed' }),
});

/** The states of the alert rules of the key's own tenant, and its deliveries. */
export function mountAlerts(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...alertSpecs.list,
      method: 'get',
      path: '/v1/alerts',
      scopes: READERS,
      query: pageQuery,
      status: 200,
      answer: z.object({ data: z.array(state), next_cursor: z.string().nullable() }),
    },
    async ({ identity, query, request }) => {
      const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, CURSOR.uuid)[0];
      const rows = await withTenant(deps.pool, identity.tenantId, (client) => listRuleStates(client, after, query.limit));
      return page(request, rows, rows.length === query.limit, (row) => encodeCursor(row.rule_id));
    },
  );

  route(
    api,
    deps,
    {
      ...alertSpecs.deliveries,
      method: 'get',
      path: '/v1/alerts/deliveries',
      scopes: READERS,
      query: pageQuery,
      status: 200,
      answer: z.object({ data: z.array(delivery), next_cursor: z.string().nullable() }),
    },
    async ({ identity, query, request }) => {
      const before = query.cursor === undefined ? undefined : decodeCursor(query.cursor, CURSOR.uuid)[0];
      const rows = await withTenant(deps.pool, identity.tenantId, (client) => listDeliveries(client, before, query.limit));
      return page(request, rows, rows.length === query.limit, (row) => encodeCursor(row.id));
    },
  );
}
