import express from 'express';
import { z } from 'zod';
import { withTenant } from '../../sql/database/db.ts';
import { findService, type Service } from '../../sql/performance/services.ts';
import { type CsvFault, readChannelCsv } from '../../sql/reports/channel-csv.ts';
import { listChannelMonths, listChannelRevisions, lockService, putChannelCounts } from '../../sql/reports/channels.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { type Fault, invalidRequest, notFound, pointerTo } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import type { Api } from '../http/types.ts';
import { channelCosts, serviceSlug } from '../performance/services-routes.ts';
import { channelSpecs } from './channels-spec.ts';
import { isFuture, month, refuseFuture } from './periods.ts';

const READERS = ['read', 'tenant-admin'] as const;

const count = (description: string) => z.number().int().min(0).max(1e12).nullable().optional().meta({ description });

const UNKNOWN = 'null or absent: not known, which is never zero';
const counts = {
  online: count('Transactions completed online. null or absent: the completed journeys of the month'),
  paper: count(`Transactions completed on paper; ${UNKNOWN}`),
  phone: count(`Transactions completed by telephone; ${UNKNOWN}`),
  other: count(`Transactions completed in other ways; ${UNKNOWN}`),
  assisted_digital: count(`How many of those online were completed with help; ${UNKNOWN}`),
  costs: channelCosts.nullable().optional().meta({ description: 'Costs of the month by channel' }),
};
const input = z.strictObject(counts);

const shown = z.object({
  service: z.string().meta({ description: 'Slug of the service' }),
  period: z.string().meta({ description: 'The month' }),
  revision: z.number().int().meta({ description: 'From 1; a greater one replaced other numbers, which are kept' }),
  restated: z.boolean().meta({ description: 'Whether other numbers were recorded for this month before' }),
  ...counts,
  source: z.enum(['manual', 'connector', 'import']).meta({ description: 'How the numbers arrived' }),
  import_id: z.uuid().nullable().meta({ description: 'The document of the vault that brought the numbers' }),
  recorded_at: z.iso.datetime().meta({ description: 'When this revision was recorded' }),
});

const params = z.object({ slug: serviceSlug, period: month });

const stored = z.object({
  period: z.string().meta({ description: 'The month' }),
  revision: z.number().int().meta({ description: 'Its revision now' }),
  outcome: z
    .enum(['created', 'unchanged', 'restated'])
    .meta({ description: 'New, the same numbers again, or other numbers than before' }),
});

/** Counts of the channels of a service and their costs, by calendar month. */
export function mountChannels(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...channelSpecs.put,
      method: 'put',
      path: '/v1/services/:slug/channels/:period',
      scopes: ['tenant-admin'],
      params,
      body: input,
      status: 200,
      otherStatuses: [201],
      answer: shown,
    },
    async ({ identity, actor, params: { slug, period }, body }) => {
      if (typeof body.online === 'number' && (body.assisted_digital ?? 0) > body.online) {
        const detail = 'assisted_digital is a part of online and must not exceed it.';
        throw invalidRequest([{ pointer: '/assisted_digital', code: 'exceeds-online', detail }]);
      }
      const { tenantId } = identity;
      return withTenant(
        deps.pool,
        tenantId,
        async (client) => {
          const service = await findService(client, slug);
          if (!service || !(await lockService(client, 'tenant', tenantId, slug))) throw notFound('service');
          refuseFuture(period, service.timezone, '/period');
          const [stored] = await putChannelCounts(client, 'tenant', { tenantId, service: slug, source: 'manual' }, [
            { ...body, period },
          ]);
          const [newest] = await listChannelMonths(client, slug, { months: [period] });
          return { status: stored?.outcome === 'created' ? 201 : 200, body: newest && withRestated(newest) };
        },
        actor,
      );
    },
  );

  route(
    api,
    deps,
    {
      ...channelSpecs.get,
      method: 'get',
      path: '/v1/services/:slug/channels/:period',
      scopes: READERS,
      params,
      status: 200,
      answer: shown.extend({ revisions: z.array(shown).meta({ description: 'All revisions, newest first' }) }),
    },
    async ({ identity, params: { slug, period } }) => {
      const revisions = await withTenant(deps.pool, identity.tenantId, (client) => listChannelRevisions(client, slug, period));
      const [newest] = revisions;
      if (!newest) throw notFound('month', 'No counts are recorded for this month. It is missing, not zero.');
      return { body: { ...withRestated(newest), revisions: revisions.map(withRestated) } };
    },
  );

  const path = '/v1/services/:slug/channels';
  api.app.use(path, express.text({ type: 'text/csv', limit: '1mb' }));
  route(
    api,
    deps,
    {
      ...channelSpecs.upload,
      method: 'post',
      path,
      scopes: ['tenant-admin'],
      params: z.object({ slug: serviceSlug }),
      body: z.string({ error: 'must be CSV, sent as text/csv' }),
      bodyTypes: { 'text/csv': z.string() },
      status: 200,
      answer: z.object({ data: z.array(stored).meta({ description: 'What became of each month, oldest first' }) }),
    },
    async ({ identity, actor, params: { slug }, body }) => {
      const { tenantId } = identity;
      return withTenant(
        deps.pool,
        tenantId,
        async (client) => {
          const { timezone } = await serviceOf(findService(client, slug));
          await lockService(client, 'tenant', tenantId, slug);
          const { months, faults } = readChannelCsv(body, (period) => isFuture(period, timezone));
          if (faults.length > 0) throw invalidRequest(faults.map(faultOf));
          const target = { tenantId, service: slug, source: 'import' } as const;
          return { body: { data: await putChannelCounts(client, 'tenant', target, months) } };
        },
        actor,
      );
    },
  );

  route(
    api,
    deps,
    {
      ...channelSpecs.list,
      method: 'get',
      path,
      scopes: READERS,
      params: z.object({ slug: serviceSlug }),
      query: pageQuery,
      status: 200,
      answer: z.object({ data: z.array(shown), next_cursor: z.string().nullable() }),
    },
    async ({ identity, params: { slug }, query: { cursor, limit }, request }) => {
      const before = cursor === undefined ? undefined : decodeCursor(cursor, CURSOR.name)[0];
      const rows = await withTenant(deps.pool, identity.tenantId, async (client) => {
        await serviceOf(findService(client, slug));
        return listChannelMonths(client, slug, { before, limit });
      });
      return page(request, rows.map(withRestated), rows.length === limit, (row) => encodeCursor(row.period));
    },
  );
}

const faultOf = ({ line, column, code, detail }: CsvFault): Fault => ({
  pointer: `/${line}${column ? pointerTo(column) : ''}`,
  code,
  detail,
});

const withRestated = <T extends { revision: number }>(row: T) => ({ ...row, restated: row.revision > 1 });

/** The service, or a refusal where the tenant has none of that name. */
export async function serviceOf(found: Promise<Service | undefined>): Promise<Service> {
  const service = await found;
  if (!service) throw notFound('service');
  return service;
}
