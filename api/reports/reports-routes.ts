import { z } from 'zod';
import type { Queues } from '../../jobs/queues.ts';
import { unknownEndpoints } from '../../sql/alerts/endpoints.ts';
import { withTenant } from '../../sql/database/db.ts';
import { findService } from '../../sql/performance/services.ts';
import {
  createReport,
  findReport,
  listReports,
  MAX_UNFINISHED,
  publishReport,
  type Report,
  withdrawReport,
} from '../../sql/reports/reports.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { conflict, invalidRequest, notFound } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { uuid } from '../http/schemas.ts';
import type { Api } from '../http/types.ts';
import { serviceSlug } from '../performance/services-routes.ts';
import { serviceOf } from './channels-routes.ts';
import { refuseFuture, reportPeriod } from './periods.ts';
import type { PublicPages } from './public-cache.ts';
import { reportShape } from './report-shape.ts';
import { reportSpecs } from './reports-spec.ts';

const READERS = ['read', 'tenant-admin'] as const;
const WRITERS = ['tenant-admin'] as const;

const input = z.strictObject({
  service: serviceSlug.meta({ description: 'Slug of the service' }),
  period: reportPeriod,
  publish: z.boolean().default(false).meta({ description: 'Whether to publish it when it is completed' }),
  assisted_digital: z
    .enum(['included', 'excluded'])
    .optional()
    .meta({ description: 'Whether assisted transactions online count as digital; as the service says if absent' }),
  notify: z
    .array(uuid)
    .max(20)
    .optional()
    .meta({ description: 'Endpoints for alerts that are told when it is ready; all of the tenant if absent, none if empty' }),
});

const params = z.object({ id: uuid.meta({ description: 'Id of the report' }) });

/** Performance reports of services: requested, shown, published and withdrawn. */
export function mountReports(api: Api, deps: Deps, queues: Queues, published: PublicPages): void {
  route(
    api,
    deps,
    {
      ...reportSpecs.create,
      method: 'post',
      path: '/v1/performance-reports',
      scopes: WRITERS,
      body: input,
      status: 202,
      answer: reportShape,
    },
    async ({ identity, actor, body: { service, period, publish, assisted_digital, notify } }) => {
      const { tenantId } = identity;
      const made = await withTenant(
        deps.pool,
        tenantId,
        async (client) => {
          const { timezone } = await serviceOf(findService(client, service));
          refuseFuture(period, timezone, '/period');
          const [unknown] = notify ? await unknownEndpoints(client, notify) : [];
          if (unknown) {
            const detail = `There is no endpoint ${unknown}. GET /v1/alerts/endpoints lists them.`;
            throw invalidRequest([{ pointer: '/notify', code: 'unknown-endpoint', detail }]);
          }
          const assistedDigital = assisted_digital === undefined ? null : assisted_digital === 'included';
          return createReport(client, tenantId, { service, period, publish, assistedDigital, notify: notify ?? null });
        },
        actor,
      );
      if (!made)
        throw conflict(
          'report-limit',
          `A tenant can have at most ${MAX_UNFINISHED} unfinished performance reports. Wait for them.`,
        );
      queues.enqueue('make-performance-reports');
      return { body: made, headers: { location: `/v1/performance-reports/${made.id}` } };
    },
  );

  route(
    api,
    deps,
    {
      ...reportSpecs.list,
      method: 'get',
      path: '/v1/performance-reports',
      scopes: READERS,
      query: pageQuery.extend({ service: serviceSlug.optional() }),
      filters: ['service'],
      status: 200,
      answer: z.object({ data: z.array(reportShape), next_cursor: z.string().nullable() }),
    },
    async ({ identity, query: { cursor, limit, service }, request }) => {
      const before = cursor === undefined ? undefined : decodeCursor(cursor, CURSOR.uuid)[0];
      const rows = await withTenant(deps.pool, identity.tenantId, (client) => listReports(client, service, before, limit));
      return page(request, rows, rows.length === limit, (row) => encodeCursor(row.id));
    },
  );

  route(
    api,
    deps,
    {
      ...reportSpecs.get,
      method: 'get',
      path: '/v1/performance-reports/:id',
      scopes: READERS,
      params,
      status: 200,
      answer: reportShape,
    },
    async ({ identity, params: { id } }) => {
      const found = await withTenant(deps.pool, identity.tenantId, (client) => findReport(client, id));
      if (!found) throw notFound('performance report');
      return { body: found };
    },
  );

  for (const [name, act, code, title] of [
    ['publish', publishReport, 'report-not-completed', 'The report is not completed. Wait until it is, then publish it.'],
    ['withdraw', withdrawReport, 'report-not-published', 'The report is not published.'],
  ] as const) {
    route(
      api,
      deps,
      {
        ...reportSpecs[name],
        method: 'post',
        path: `/v1/performance-reports/:id/${name}`,
        scopes: WRITERS,
        params,
        status: 200,
        answer: reportShape,
      },
      async ({ identity, actor, params: { id } }) => {
        const changed = await withTenant(
          deps.pool,
          identity.tenantId,
          async (client): Promise<Report> => {
            if (!(await findReport(client, id))) throw notFound('performance report');
            const report = await act(client, id);
            if (!report) throw conflict(code, title);
            return report;
          },
          actor,
        );
        published.forget();
        return { body: changed };
      },
    );
  }
}
