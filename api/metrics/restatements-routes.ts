import { z } from 'zod';
import { withTenant } from '../../sql/database/db.ts';
import { listRestatements } from '../../sql/metrics/restatements.ts';
import { SOURCES } from '../../sql/metrics/sources.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { instant } from '../http/schemas.ts';
import type { Api } from '../http/types.ts';
import { metricSpecs } from './spec.ts';

/** One change of a day after its end. */
export const restatement = z.object({
  bucket: z.iso.datetime().meta({ description: 'Start of the day, in UTC' }),
  before: z.number().int().meta({ description: 'What was counted until then: events, validations, corrections or journeys' }),
  after: z.number().int(),
  restated_at: z.iso.datetime(),
});

// Roll-ups, and the journeys of services (sql/performance/journeys.ts).
const figures = z.enum([...(Object.keys(SOURCES) as (keyof typeof SOURCES)[]), 'journeys_started', 'journeys_completed']);

/** Lists published numbers that changed later. */
export function mountRestatements(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...metricSpecs.restatements,
      method: 'get',
      path: '/v1/restatements',
      scopes: ['read'],
      query: pageQuery.extend({ figures: figures.optional(), from: instant.optional(), to: instant.optional() }),
      status: 200,
      answer: z.object({
        data: z.array(
          restatement.extend({
            figures,
            service: z.string().nullable().meta({ description: 'Slug of the service whose journeys were counted' }),
          }),
        ),
        next_cursor: z.string().nullable(),
      }),
    },
    async ({ identity, query, request }) => {
      const cursor = query.cursor === undefined ? null : decodeCursor(query.cursor, CURSOR.time, CURSOR.uuid);
      const before = cursor && { time: cursor[0] as string, id: cursor[1] as string };
      const rollup = query.figures ? `${query.figures}_daily` : null;
      const { from = null, to = null, limit } = query;
      const rows = await withTenant(deps.pool, identity.tenantId, (client) =>
        listRestatements(client, { rollup, from, to, before, limit }),
      );
      const reply = page(request, rows, rows.length === limit, (row) => encodeCursor(row.cursor_time, row.id));
      const data = rows.map(({ cursor_time: _, id: __, rollup, ...row }) => ({
        figures: rollup.replace(/_daily$/, ''),
        ...row,
      }));
      return { ...reply, body: { ...(reply.body as object), data } };
    },
  );
}
