import { z } from 'zod';
import { withTenant } from '../../sql/database/db.ts';
import { CHANNELS, FORM_LOCALES, findService, listServices, putService } from '../../sql/performance/services.ts';
import { faultOfZone } from '../../sql/tenants/zones.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { invalidRequest, notFound } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { namesNobody } from '../http/schemas.ts';
import type { Api } from '../http/types.ts';
import { servicesSpecs } from './services-spec.ts';

const READERS = ['read', 'tenant-admin'] as const;

const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const eventType = z.string().min(1).max(200);

/** The slug of a service. */
export const serviceSlug = z
  .string()
  .regex(SLUG, 'must have 1 to 63 characters out of a-z, 0-9 and hyphens, and neither start nor end with a hyphen')
  .meta({ description: 'Name of the service in addresses' });

const params = z.object({ slug: serviceSlug });

const journey = z
  .strictObject({
    started: eventType.meta({ description: 'Type of the event with which a journey starts' }),
    completed: eventType.meta({ description: 'Type of the event with which a journey reaches the state `created`' }),
    id: z
      .string()
      .max(500)
      .regex(
        /^\/(?:subject$|data(?:\/(?:[^~/]|~[01])*)+$)/,
        'must be a JSON Pointer (RFC 6901) to a member of data, e.g. /data/journey, or /subject',
      )
      .meta({ description: 'JSON Pointer into the event to what identifies a journey' }),
  })
  .refine(({ started, completed }) => started !== completed, { error: 'must differ from `started`', path: ['completed'] });

const amount = z.number().min(0).max(1e12).optional().meta({ description: 'Costs of this channel in a month' });

/** What the channels of a service cost. */
export const channelCosts = z.strictObject({
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 currency code, e.g. GBP')
    .meta({ description: 'ISO 4217 code of the currency' }),
  online: amount,
  paper: amount,
  phone: amount,
  other: amount,
});

const several = <T extends readonly [string, ...string[]]>(names: T) =>
  z
    .array(z.enum(names))
    .min(1)
    .refine((given) => new Set(given).size === given.length, { error: 'must not repeat a value' });

const input = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .refine(...namesNobody)
    .meta({ description: 'Name of the service, as the feedback form and reports show it' }),
  locales: several(FORM_LOCALES)
    .default(['en'])
    .meta({ description: 'Languages of the feedback form, the first where nothing else decides' }),
  timezone: z
    .string()
    .max(100)
    .optional()
    .meta({ description: 'Where its months begin: an IANA name; the tenant’s if absent' }),
  journey: journey.nullable().default(null).meta({ description: 'How journeys are recognised in events; null: they are not' }),
  draft_limit_days: z
    .number()
    .int()
    .min(1)
    .max(3650)
    .default(90)
    .meta({ description: 'Days of 24 hours after which a journey that is not completed has failed' }),
  channels: several(CHANNELS)
    .default(['online'])
    .meta({ description: 'Ways in which people use the service. A month without a count of one of them is missing, not zero' }),
  assisted_digital: z.boolean().default(true).meta({ description: 'Whether digital take-up counts people who were assisted' }),
  costs: channelCosts
    .default({ currency: 'GBP' })
    .meta({ description: 'Currency, and what a channel costs in a month that gives no costs of its own' }),
  comment_retention_days: z
    .number()
    .int()
    .min(1)
    .max(3650)
    .default(365)
    .meta({ description: 'Days after which comments are removed; ratings stay' }),
});

const shown = input.extend({
  slug: serviceSlug,
  revision: z.number().int().meta({ description: 'Grows with every change of the service' }),
  timezone: z.string().meta({ description: 'Where its months begin: an IANA name' }),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});

/** Public services of a tenant. */
export function mountServices(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...servicesSpecs.put,
      method: 'put',
      path: '/v1/services/:slug',
      scopes: ['tenant-admin'],
      params,
      body: input,
      status: 200,
      otherStatuses: [201],
      answer: shown,
    },
    async ({ identity, actor, params: { slug }, body }) => {
      const timezone = body.timezone ?? identity.timezone;
      const fault = await faultOfZone(deps.pool, timezone);
      if (fault) throw invalidRequest([{ pointer: '/timezone', code: 'unusable-zone', detail: fault }]);
      const { service, created } = await withTenant(
        deps.pool,
        identity.tenantId,
        (client) => putService(client, identity.tenantId, slug, { ...body, timezone }),
        actor,
      );
      return { status: created ? 201 : 200, body: service };
    },
  );

  route(
    api,
    deps,
    { ...servicesSpecs.get, method: 'get', path: '/v1/services/:slug', scopes: READERS, params, status: 200, answer: shown },
    async ({ identity, params: { slug } }) => {
      const found = await withTenant(deps.pool, identity.tenantId, (client) => findService(client, slug));
      if (!found) throw notFound('service');
      return { body: found };
    },
  );

  route(
    api,
    deps,
    {
      ...servicesSpecs.list,
      method: 'get',
      path: '/v1/services',
      scopes: READERS,
      query: pageQuery,
      status: 200,
      answer: z.object({ data: z.array(shown), next_cursor: z.string().nullable() }),
    },
    async ({ identity, query, request }) => {
      const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, CURSOR.name)[0];
      const rows = await withTenant(deps.pool, identity.tenantId, (client) => listServices(client, after, query.limit));
      return page(request, rows, rows.length === query.limit, (row) => encodeCursor(row.slug));
    },
  );
}
