import { z } from 'zod';
import { type Client, withTenant } from '../../sql/database/db.ts';
import { createTenant, keyHashes, listTenants, type Tenant, updateTenant } from '../../sql/tenants/tenants.ts';
import { faultOfZone } from '../../sql/tenants/zones.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { conflict, invalidRequest, notFound, wrongScope } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { namesNobody, uuid } from '../http/schemas.ts';
import { reachTenant } from '../http/tenant-reach.ts';
import type { Api } from '../http/types.ts';
import { tenantSpecs } from './spec.ts';

const limits = z.strictObject({
  events_per_second: z.number().int().min(1).optional(),
  requests_per_second: z.number().int().min(1).optional(),
  events_per_month: z.number().int().min(1).max(2_000_000_000).optional(),
  quarantine_bytes: z.number().int().min(1).max(2_000_000_000).optional(),
});

const features = z.strictObject({
  dashboards: z.boolean().optional(),
  benchmarks: z.boolean().optional(),
  exports: z.boolean().optional(),
  sql_access: z.boolean().optional(),
});

// The form that `frame-ancestors` accepts. Anything after scheme, host and port could end the directive.
const embedOrigin = z
  .string()
  .max(200)
  .refine((text) => URL.canParse(text) && new URL(text).origin === text, {
    error: 'must be an origin, e.g. https://app.example',
  })
  .refine((text) => /^(https:\/\/[a-z0-9.-]+|http:\/\/(localhost|127\.0\.0\.1))(:\d+)?$/.test(text), {
    error: 'must start with https:// or be http://localhost or http://127.0.0.1',
  });

const changeable = {
  name: z.string().min(1).max(200),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'must be an ISO 3166-1 alpha-2 country code, e.g. BR')
    .nullable()
    .optional(),
  timezone: z.string().max(100).optional().meta({ description: 'An IANA name, off UTC by whole hours; UTC if absent' }),
  locale: z.enum(['en', 'pt-BR']).optional(),
  features: features.optional(),
  attributes: z
    .record(
      z
        .string()
        .max(100)
        .refine(...namesNobody),
      z
        .string()
        .max(200)
        .refine(...namesNobody),
    )
    .optional(),
  limits: limits.optional(),
  raw_retention_days: z.number().int().min(1).max(3650).nullable().optional(),
  embed_origins: z
    .array(embedOrigin)
    .max(20)
    .optional()
    .meta({ description: "Origins whose pages may show the tenant's dashboards in a frame" }),
};

const newTenant = z.strictObject({
  slug: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9-]{0,62}$/,
      'must have 1 to 63 characters out of a-z, 0-9 and hyphens, and not start with a hyphen',
    ),
  ...changeable,
});
const tenantChange = z.strictObject({ ...changeable, name: changeable.name.optional() });

const tenant = newTenant.extend({
  id: uuid,
  offboarding_at: z.iso.datetime().nullable().meta({ description: 'Since when the tenant is being removed' }),
  kind: z.enum(['customer', 'operations', 'canary']),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});

const params = z.object({ id: uuid });

// A feature that is absent from the stored flags is on.
const shown = (row: Tenant) => ({
  ...row,
  features: { dashboards: true, benchmarks: true, exports: true, sql_access: true, ...row.features },
});

export function mountTenants(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...tenantSpecs.create,
      method: 'post',
      path: '/v1/tenants',
      scopes: ['admin'],
      body: newTenant,
      status: 201,
      answer: tenant,
    },
    async ({ identity, actor, body }) => {
      await refuseZone(deps, body.timezone);
      const made = await withTenant(deps.pool, identity.tenantId, (client) => createTenant(client, body), actor);
      if (!made) throw conflict('slug-taken', 'The slug is already in use');
      return { body: shown(made), headers: { location: `/v1/tenants/${made.id}` } };
    },
  );

  route(
    api,
    deps,
    {
      ...tenantSpecs.list,
      method: 'get',
      path: '/v1/tenants',
      scopes: ['admin'],
      query: pageQuery,
      status: 200,
      answer: z.object({ data: z.array(tenant), next_cursor: z.string().nullable() }),
    },
    async ({ query, request }) => {
      const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, CURSOR.uuid)[0];
      const rows = await listTenants(deps.pool, after, query.limit);
      return page(request, rows.map(shown), rows.length === query.limit, (row) => encodeCursor(row.id));
    },
  );

  route(
    api,
    deps,
    {
      ...tenantSpecs.get,
      method: 'get',
      path: '/v1/tenants/:id',
      scopes: ['admin', 'tenant-admin'],
      params,
      status: 200,
      answer: tenant,
    },
    async ({ identity, params: { id } }) => ({ body: shown(await reachTenant(deps, identity, id)) }),
  );

  route(
    api,
    deps,
    {
      ...tenantSpecs.update,
      method: 'patch',
      path: '/v1/tenants/:id',
      scopes: ['admin', 'tenant-admin'],
      params,
      body: tenantChange,
      status: 200,
      answer: tenant,
    },
    async ({ identity, actor, params: { id }, body }) => {
      await reachTenant(deps, identity, id);
      const isOperator = identity.scopes.includes('admin');
      if (!isOperator && Object.keys(body).some((name) => name !== 'embed_origins')) throw wrongScope(['admin']);
      await refuseZone(deps, body.timezone);
      const change = async (client: Client) => [await updateTenant(client, id, body), await keyHashes(client, id)] as const;
      const [changed, hashes] = await withTenant(deps.pool, id, change, actor);
      if (!changed) throw notFound('tenant');
      // A disabled feature is off from the next request.
      for (const hash of hashes) deps.auth.forget(hash);
      return { body: shown(changed) };
    },
  );
}

async function refuseZone({ pool }: Deps, zone: string | undefined): Promise<void> {
  const detail = zone === undefined ? undefined : await faultOfZone(pool, zone);
  if (detail) throw invalidRequest([{ pointer: '/timezone', code: 'unusable-zone', detail }]);
}
