import { z } from 'zod';
import type { Queues } from '../../jobs/queues.ts';
import { addDeliveries, messageOf, testedLately } from '../../sql/alerts/deliveries.ts';
import { listEndpoints, unknownEndpoints } from '../../sql/alerts/endpoints.ts';
import { createRule, deleteRule, findRule, listRules, MAX_RULES, type NewRule, updateRule } from '../../sql/alerts/rules.ts';
import { findSignal, SIGNALS } from '../../sql/alerts/signals.ts';
import { type Client, withTenant } from '../../sql/database/db.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { conflict, type Fault, invalidRequest, notFound, pointerTo, tooManyRequests } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { namesNobody, uuid } from '../http/schemas.ts';
import type { Api } from '../http/types.ts';
import { ruleSpecs } from './rules-spec.ts';

const DAY = 86_400;

const members = {
  name: z
    .string()
    .min(1)
    .max(200)
    .regex(/^\P{Cc}+$/u, 'must be one line without control characters')
    .refine(...namesNobody),
  enabled: z.boolean(),
  metric: z.string().meta({ description: `One of ${SIGNALS.map(({ name }) => name).join(', ')}` }),
  filter: z
    .record(
      z.string().max(100),
      z
        .string()
        .min(1)
        .max(500)
        .refine(...namesNobody)
        .nullable(),
    )
    .meta({ description: 'What dimensions of the metric must be; null: where it is not set' }),
  condition: z.enum(['above', 'below']),
  threshold: z.number(),
  window_seconds: z
    .number()
    .int()
    .min(300)
    .max(30 * DAY)
    .meta({ description: 'How far back the metric looks' }),
  for_seconds: z
    .number()
    .int()
    .min(0)
    .max(7 * DAY)
    .meta({ description: 'How long the condition must hold before the alert fires' }),
  cool_down_seconds: z
    .number()
    .int()
    .min(300)
    .max(7 * DAY)
    .meta({ description: 'Minimum time between repeat notifications' }),
  no_data: z.enum(['ok', 'alert']).meta({ description: 'What no data means: nothing, or the same as the condition' }),
  notify: z.array(uuid).max(20).meta({ description: 'Ids of endpoints' }),
};

const input = z.strictObject({
  ...members,
  enabled: members.enabled.default(true),
  filter: members.filter.default({}),
  for_seconds: members.for_seconds.default(0),
  cool_down_seconds: members.cool_down_seconds.default(3600),
  no_data: members.no_data.default('ok'),
  notify: members.notify.default([]),
});
const change = z.strictObject(members).partial();

const rule = z.object({ id: uuid, ...members, created_at: z.iso.datetime(), updated_at: z.iso.datetime() });

const params = z.object({ id: uuid });
const ADMINISTRATORS = ['tenant-admin', 'admin'] as const;
const READERS = ['tenant-admin', 'admin', 'read'] as const;

/** Alert rules of the key's own tenant. The rules of the operator's tenant are those of the platform. */
export function mountAlertRules(api: Api, deps: Deps, queues: Queues): void {
  route(
    api,
    deps,
    {
      ...ruleSpecs.create,
      method: 'post',
      path: '/v1/alerts/rules',
      scopes: ADMINISTRATORS,
      body: input,
      status: 201,
      answer: rule,
    },
    async ({ identity, actor, body }) => {
      const made = await withTenant(
        deps.pool,
        identity.tenantId,
        async (client) => {
          await refuseUnfit(client, body);
          return createRule(client, identity.tenantId, body);
        },
        actor,
      );
      if (!made) throw conflict('alert-limit', `The tenant already has ${MAX_RULES} alert rules`);
      return { body: made, headers: { location: `/v1/alerts/rules/${made.id}` } };
    },
  );

  route(
    api,
    deps,
    {
      ...ruleSpecs.list,
      method: 'get',
      path: '/v1/alerts/rules',
      scopes: READERS,
      query: pageQuery,
      status: 200,
      answer: z.object({ data: z.array(rule), next_cursor: z.string().nullable() }),
    },
    async ({ identity, query, request }) => {
      const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, CURSOR.uuid)[0];
      const rows = await withTenant(deps.pool, identity.tenantId, (client) => listRules(client, after, query.limit));
      return page(request, rows, rows.length === query.limit, (row) => encodeCursor(row.id));
    },
  );

  route(
    api,
    deps,
    {
      ...ruleSpecs.get,
      method: 'get',
      path: '/v1/alerts/rules/:id',
      scopes: READERS,
      params,
      status: 200,
      answer: rule,
    },
    async ({ identity, params: { id } }) => {
      const found = await withTenant(deps.pool, identity.tenantId, (client) => findRule(client, id));
      if (!found) throw notFound('alert rule');
      return { body: found };
    },
  );

  route(
    api,
    deps,
    {
      ...ruleSpecs.update,
      method: 'patch',
      path: '/v1/alerts/rules/:id',
      scopes: ADMINISTRATORS,
      params,
      body: change,
      status: 200,
      answer: rule,
    },
    async ({ identity, actor, params: { id }, body }) => {
      const changed = await withTenant(
        deps.pool,
        identity.tenantId,
        async (client) => {
          const found = await findRule(client, id, true);
          const next = { ...found, ...body } as NewRule;
          if (found) await refuseUnfit(client, next);
          return found && updateRule(client, id, next);
        },
        actor,
      );
      if (!changed) throw notFound('alert rule');
      return { body: changed };
    },
  );

  route(
    api,
    deps,
    {
      ...ruleSpecs.delete,
      method: 'delete',
      path: '/v1/alerts/rules/:id',
      scopes: ADMINISTRATORS,
      params,
      status: 204,
    },
    async ({ identity, actor, params: { id } }) => {
      const gone = await withTenant(deps.pool, identity.tenantId, (client) => deleteRule(client, id), actor);
      if (!gone) throw notFound('alert rule');
      return {};
    },
  );

  route(
    api,
    deps,
    {
      ...ruleSpecs.test,
      method: 'post',
      path: '/v1/alerts/rules/:id/test',
      scopes: ADMINISTRATORS,
      params,
      status: 202,
      answer: z.object({ deliveries: z.array(uuid).meta({ description: 'Ids in the log of deliveries' }) }),
    },
    async ({ identity, actor, params: { id } }) => {
      const deliveries = await withTenant(
        deps.pool,
        identity.tenantId,
        async (client) => {
          const found = await findRule(client, id, true);
          if (!found) throw notFound('alert rule');
          if (await testedLately(client))
            throw tooManyRequests('rate-limited', 'Only one test message per minute is allowed', 60);
          const now = new Date();
          const message = messageOf('alert.test', found, { value: null, since: now }, now);
          const endpoints = await listEndpoints(client, undefined, 1000);
          const open = endpoints.filter((endpoint) => found.notify.includes(endpoint.id) && !endpoint.disabled_at);
          const to = open.map((endpoint) => ({ tenantId: identity.tenantId, endpointId: endpoint.id, message }));
          return addDeliveries(client, 'tenant', to);
        },
        actor,
      );
      queues.enqueue('deliver-alerts');
      return { body: { deliveries } };
    },
  );
}

// Checks what the schema cannot: whether the metric, the dimensions and the endpoints exist.
async function refuseUnfit(client: Client, { metric, filter, notify }: NewRule): Promise<void> {
  const faults: Fault[] = [];
  const signal = findSignal(metric);
  if (!signal) {
    const detail = `There is no such metric. Known are: ${SIGNALS.map(({ name }) => name).join(', ')}.`;
    faults.push({ pointer: '/metric', code: 'unknown-metric', detail });
  }
  for (const dim of Object.keys(filter).filter((dim) => signal && !signal.dims.includes(dim))) {
    const detail = `${metric} has no such dimension. It has: ${signal?.dims.join(', ')}.`;
    faults.push({ pointer: `/filter${pointerTo(dim)}`, code: 'unknown-dimension', detail });
  }
  for (const id of await unknownEndpoints(client, notify)) {
    faults.push({
      pointer: `/notify/${notify.indexOf(id)}`,
      code: 'unknown-endpoint',
      detail: 'The tenant has no such endpoint. GET /v1/alerts/endpoints lists them.',
    });
  }
  if (faults.length > 0) throw invalidRequest(faults);
}
