import { z } from 'zod';
import type { Queues } from '../../jobs/queues.ts';
import { secretOf } from '../../lib/config.ts';
import { shiftMonth } from '../../lib/months.ts';
import { seal } from '../../lib/sealed-text.ts';
import { withTenant } from '../../sql/database/db.ts';
import { periodAt } from '../../sql/performance/periods.ts';
import { findService } from '../../sql/performance/services.ts';
import {
  type Connector,
  deleteConnector,
  findConnector,
  hurryConnector,
  putConnector,
  sealedUse,
} from '../../sql/reports/connectors.ts';
import { webhookUrl } from '../exports/notify-endpoint.ts';
import type { Deps } from '../http/deps.ts';
import { conflict, invalidRequest, notFound } from '../http/problems.ts';
import { route } from '../http/route.ts';
import type { Api } from '../http/types.ts';
import { serviceSlug } from '../performance/services-routes.ts';
import { serviceOf } from './channels-routes.ts';
import { connectorSpecs } from './connectors-spec.ts';
import { month, refuseFuture } from './periods.ts';

const READERS = ['read', 'tenant-admin'] as const;

const pointer = (description: string) =>
  z
    .string()
    .max(500)
    .regex(/^(\/([^~/]|~[01])*)+$/, 'must be a JSON Pointer (RFC 6901), e.g. /counts/paper')
    .optional()
    .meta({ description });

const costPointer = pointer('Where the cost of the channel is');
const mapping = z
  .strictObject({
    online: pointer('Where the count of this channel is'),
    paper: pointer('Where the count of this channel is'),
    phone: pointer('Where the count of this channel is'),
    other: pointer('Where the count of this channel is'),
    assisted_digital: pointer('Where the number of those online who were assisted is'),
    period: pointer('Where the month is named, which must be the one that was asked for'),
    costs: z
      .strictObject({
        currency: z
          .string()
          .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 currency code, e.g. GBP')
          .meta({ description: 'ISO 4217 code' }),
        online: costPointer,
        paper: costPointer,
        phone: costPointer,
        other: costPointer,
      })
      .optional()
      .meta({ description: 'Where the costs are' }),
  })
  .refine(({ costs: _, period: __, ...counts }) => Object.keys(counts).length > 0, { error: 'must map at least one count' })
  .meta({ description: 'Where each number is in the answer, as JSON Pointers' });

const schedule = z.enum(['daily', 'monthly']).meta({ description: 'How often the last closed month is fetched' });
const day = z.number().int().min(1).max(28).meta({ description: 'With `monthly`: the day of the month' });
const enabled = z.boolean().meta({ description: 'Whether it is fetched' });

const shown = z.object({
  service: z.string().meta({ description: 'Slug of the service' }),
  url: z.string(),
  has_authorization: z.boolean().meta({ description: 'Whether an Authorization header is stored; it is never shown' }),
  mapping,
  schedule,
  day,
  first_period: z.string().meta({ description: 'The first month that is fetched' }),
  enabled,
  state: z.enum(['waiting', 'fresh', 'failing']).meta({ description: 'How the last attempt ended' }),
  error: z.string().nullable(),
  detail: z.string().nullable().meta({ description: 'Why the last attempt failed, for people' }),
  attempts: z.number().int().meta({ description: 'Failed attempts since the last success' }),
  tried_at: z.iso.datetime().nullable().meta({ description: 'When it was tried last' }),
  fetched_at: z.iso.datetime().nullable().meta({ description: 'When it last succeeded: the freshness of its numbers' }),
  fetched_period: z.string().nullable().meta({ description: 'The newest month that it has fetched' }),
  due_at: z.iso.datetime().meta({ description: 'When it is tried next' }),
  updated_at: z.iso.datetime(),
});

const params = z.object({ slug: serviceSlug });

/** The connector of a service: where the counts of its channels are fetched. */
export function mountConnectors(api: Api, deps: Deps, queues: Queues): void {
  const path = '/v1/services/:slug/connector';
  const input = z.strictObject({
    url: webhookUrl(deps.config).meta({ description: 'Address of the numbers; `{period}` in it is replaced by the month' }),
    authorization: z
      .string()
      .max(4000)
      .regex(/^[\x21-\x7e]+( [\x21-\x7e]+)*$/, 'must be the value of an Authorization header')
      .nullable()
      .optional()
      .meta({ description: 'Authorization header of the request, stored encrypted. null removes it; absent keeps it' }),
    mapping,
    schedule: schedule.default('daily'),
    day: day.default(1),
    first_period: month.optional().meta({ description: 'The first month to fetch; the last closed one if absent' }),
    enabled: enabled.default(true),
  });

  route(
    api,
    deps,
    { ...connectorSpecs.put, method: 'put', path, scopes: ['tenant-admin'], params, body: input, status: 200, answer: shown },
    async ({ identity, actor, params: { slug }, body: { authorization, first_period, ...body } }) => {
      const { tenantId } = identity;
      const made = await withTenant(
        deps.pool,
        tenantId,
        async (client) => {
          const { timezone } = await serviceOf(findService(client, slug));
          if (first_period) refuseFuture(first_period, timezone, '/first_period');
          const before = await findConnector(client, slug);
          const first = first_period ?? before?.first_period ?? shiftMonth(periodAt(new Date(), timezone).name, -1);
          // A header must not be sent to an address that its owner did not enter.
          if (before?.has_authorization && authorization === undefined && originOf(before.url) !== originOf(body.url)) {
            const detail = 'The address is on another host. Send authorization again, or null.';
            throw invalidRequest([{ pointer: '/authorization', code: 'host-changed', detail }]);
          }
          const sealed = authorization
            ? seal(secretOf(deps.config), sealedUse(tenantId, slug), authorization)
            : (authorization as null | undefined);
          return putConnector(client, tenantId, slug, { ...body, first_period: first }, sealed);
        },
        actor,
      );
      queues.enqueue('pull-channels');
      return { body: made };
    },
  );

  route(
    api,
    deps,
    { ...connectorSpecs.get, method: 'get', path, scopes: READERS, params, status: 200, answer: shown },
    async ({ identity, params: { slug } }) => {
      const found = await withTenant(deps.pool, identity.tenantId, (client) => findConnector(client, slug));
      return { body: foundOne(found) };
    },
  );

  route(
    api,
    deps,
    {
      ...connectorSpecs.run,
      method: 'post',
      path: '/v1/services/:slug/connector/run',
      scopes: ['tenant-admin'],
      params,
      status: 202,
      answer: shown,
    },
    async ({ identity, actor, params: { slug } }) => {
      const due = await withTenant(
        deps.pool,
        identity.tenantId,
        async (client) => {
          if (!foundOne(await findConnector(client, slug)).enabled)
            throw conflict('connector-disabled', 'The connector is off. Turn it on to fetch.');
          return hurryConnector(client, slug);
        },
        actor,
      );
      queues.enqueue('pull-channels');
      return { body: foundOne(due) };
    },
  );

  route(
    api,
    deps,
    { ...connectorSpecs.delete, method: 'delete', path, scopes: ['tenant-admin'], params, status: 204 },
    async ({ identity, actor, params: { slug } }) => {
      const gone = await withTenant(deps.pool, identity.tenantId, (client) => deleteConnector(client, slug), actor);
      if (!gone) throw notFound('connector');
      return {};
    },
  );
}

const originOf = (url: string) => new URL(url).origin;

function foundOne(connector: Connector | undefined): Connector {
  if (!connector) throw notFound('connector');
  return connector;
}
