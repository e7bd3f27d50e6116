import { z } from 'zod';
import { secretOf } from '../../lib/config.ts';
import { webhookSecret } from '../../lib/webhook-secret.ts';
import {
  createEndpoint,
  deleteEndpoint,
  type Endpoint,
  findEndpoint,
  listEndpoints,
  MAX_ENDPOINTS,
  rotateEndpointSecret,
} from '../../sql/alerts/endpoints.ts';
import { withTenant } from '../../sql/database/db.ts';
import { webhookUrl } from '../exports/notify-endpoint.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { conflict, notFound } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { namesNobody, uuid } from '../http/schemas.ts';
import type { Api } from '../http/types.ts';
import { endpointSpecs } from './endpoints-spec.ts';

const description = z
  .string()
  .max(500)
  .refine(...namesNobody)
  .nullable()
  .default(null);

const secret = z.string().nullable().optional().meta({
  description:
    'Of a webhook: what its messages are signed with; shown in this answer only, null when replayed under an Idempotency-Key',
});

const shown = z.object({
  id: uuid,
  kind: z.enum(['webhook', 'email']),
  url: z.string().optional(),
  address: z.string().optional(),
  description: z.string().nullable(),
  old_secret_until: z.iso.datetime().nullable().meta({ description: 'Until when the secret before signs too' }),
  disabled_at: z.iso.datetime().nullable().meta({ description: 'Since when nothing is sent there: it answered 410' }),
  created_at: z.iso.datetime(),
});
const made = shown.extend({ secret, code: z.string().optional() });

const params = z.object({ id: uuid });
const ADMINISTRATORS = ['tenant-admin', 'admin'] as const;

/** The endpoints to which alerts of the key's own tenant are sent. */
export function mountAlertEndpoints(api: Api, deps: Deps): void {
  const url = webhookUrl(deps.config);
  const input = z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('webhook'), url: url.refine(...namesNobody), description }),
    z.strictObject({ kind: z.literal('email'), address: z.email().max(254), description }),
  ]);

  route(
    api,
    deps,
    {
      ...endpointSpecs.create,
      method: 'post',
      path: '/v1/alerts/endpoints',
      scopes: ADMINISTRATORS,
      body: input,
      status: 201,
      answer: made,
    },
    async ({ identity, actor, body }) => {
      if (body.kind === 'email' && !(deps.config.SMTP_URL && deps.config.ALERTS_FROM)) {
        throw conflict('no-email', 'This platform sends no e-mail', 'Its operator must set SMTP_URL and ALERTS_FROM.');
      }
      const target = body.kind === 'email' ? body.address : new URL(body.url).toString();
      const endpoint = { kind: body.kind, target, description: body.description };
      const row = await withTenant(
        deps.pool,
        identity.tenantId,
        (client) => createEndpoint(client, identity.tenantId, endpoint),
        actor,
      );
      if (!row) throw conflict('alert-limit', `The tenant already has ${MAX_ENDPOINTS} endpoints`);
      return { ...withSecret(deps, row), headers: { location: `/v1/alerts/endpoints/${row.id}` } };
    },
  );

  route(
    api,
    deps,
    {
      ...endpointSpecs.list,
      method: 'get',
      path: '/v1/alerts/endpoints',
      scopes: ADMINISTRATORS,
      query: pageQuery,
      status: 200,
      answer: z.object({ data: z.array(shown), next_cursor: z.string().nullable() }),
    },
    async ({ identity, query, request }) => {
      const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, CURSOR.uuid)[0];
      const rows = await withTenant(deps.pool, identity.tenantId, (client) => listEndpoints(client, after, query.limit));
      return page(request, rows.map(show), rows.length === query.limit, (row) => encodeCursor(row.id));
    },
  );

  route(
    api,
    deps,
    {
      ...endpointSpecs.get,
      method: 'get',
      path: '/v1/alerts/endpoints/:id',
      scopes: ADMINISTRATORS,
      params,
      status: 200,
      answer: shown,
    },
    async ({ identity, params: { id } }) => {
      const found = await withTenant(deps.pool, identity.tenantId, (client) => findEndpoint(client, id));
      if (!found) throw notFound('endpoint');
      return { body: show(found) };
    },
  );

  route(
    api,
    deps,
    {
      ...endpointSpecs.delete,
      method: 'delete',
      path: '/v1/alerts/endpoints/:id',
      scopes: ADMINISTRATORS,
      params,
      status: 204,
    },
    async ({ identity, actor, params: { id } }) => {
      const gone = await withTenant(deps.pool, identity.tenantId, (client) => deleteEndpoint(client, id), actor);
      if (!gone) throw notFound('endpoint');
      return {};
    },
  );

  route(
    api,
    deps,
    {
      ...endpointSpecs.rotateSecret,
      method: 'post',
      path: '/v1/alerts/endpoints/:id/rotate-secret',
      scopes: ADMINISTRATORS,
      params,
      status: 200,
      answer: made,
    },
    async ({ identity, actor, params: { id } }) => {
      const row = await withTenant(deps.pool, identity.tenantId, (client) => rotateEndpointSecret(client, id), actor);
      if (!row) throw notFound('webhook');
      return withSecret(deps, row);
    },
  );
}

function show({ kind, target, secret_version: _, ...rest }: Endpoint) {
  return { ...rest, kind, ...(kind === 'webhook' ? { url: target } : { address: target }) };
}

function withSecret(deps: Deps, endpoint: Endpoint) {
  if (endpoint.kind === 'email') return { body: show(endpoint) };
  const secret = webhookSecret(secretOf(deps.config), endpoint.id, endpoint.secret_version);
  return { body: { ...show(endpoint), secret }, secrets: ['secret'] };
}
