import { z } from 'zod';
import type { Queues } from '../../jobs/queues.ts';
import { askForBenchmark, findBenchmarkBuild, listBenchmarkBuilds, listBenchmarks } from '../../sql/benchmarks/benchmarks.ts';
import { withTenant } from '../../sql/database/db.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { invalidRequest, notFound } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { uuid } from '../http/schemas.ts';
import type { Api } from '../http/types.ts';
import { requireFeature } from '../tenants/features.ts';
import { benchmarkSpecs } from './spec.ts';
import { period } from './words.ts';

const outcome = z.object({
  dimension: z.string(),
  cohort: z.string(),
  outcome: z.enum(['released', 'frozen', 'GROUP_TOO_SMALL', 'DOMINANCE', 'P_PERCENT', 'DIFFERENCING', 'LAG']).meta({
    description: '`frozen`: it was released before, and is left as it is; else the code of a refusal',
  }),
  size_band: z.string().nullable(),
  rules: z.string(),
  minimum: z.number().int(),
  built_at: z.string(),
  input_changed: z.boolean().nullable().meta({ description: 'Of what is frozen: whether it would be another figure by now' }),
});

const build = z.object({
  id: uuid,
  metric: z.string(),
  period: z.string(),
  status: z.enum(['queued', 'completed']),
  requested_at: z.iso.datetime(),
  completed_at: z.iso.datetime().nullable(),
  outcomes: z.array(outcome).optional(),
});

/** Builds that the operator requests, and their outcomes. They contain no values. */
export function mountBenchmarkSnapshots(api: Api, deps: Deps, queues: Queues): void {
  route(
    api,
    deps,
    {
      ...benchmarkSpecs.build,
      method: 'post',
      path: '/v1/benchmarks/snapshots',
      scopes: ['admin'],
      body: z.strictObject({ metric: z.string().max(100), period }),
      status: 202,
      answer: build,
    },
    async ({ identity, actor, body: { metric, period } }) => {
      requireFeature(identity.features, 'benchmarks');
      const names = (await listBenchmarks(deps.pool)).map((one) => one.metric);
      if (!names.includes(metric)) {
        const detail = `There is no such benchmark. Known are: ${names.join(', ')}.`;
        throw invalidRequest([{ pointer: '/metric', code: 'unknown-metric', detail }]);
      }
      const made = await withTenant(deps.pool, identity.tenantId, (client) => askForBenchmark(client, metric, period), actor);
      queues.enqueue('build-benchmarks');
      return { body: made, headers: { location: `/v1/benchmarks/snapshots/${made.id}` } };
    },
  );

  route(
    api,
    deps,
    {
      ...benchmarkSpecs.listBuilds,
      method: 'get',
      path: '/v1/benchmarks/snapshots',
      scopes: ['admin'],
      query: pageQuery,
      status: 200,
      answer: z.object({ data: z.array(build), next_cursor: z.string().nullable() }),
    },
    async ({ identity, query, request }) => {
      requireFeature(identity.features, 'benchmarks');
      const before = query.cursor === undefined ? undefined : decodeCursor(query.cursor, CURSOR.time, CURSOR.uuid);
      const rows = await listBenchmarkBuilds(deps.pool, { before: before as [string, string] | undefined, limit: query.limit });
      const reply = page(request, rows, rows.length === query.limit, (row) => encodeCursor(row.cursor_time, row.id));
      return { ...reply, body: { ...(reply.body as object), data: rows.map(({ cursor_time: _, ...row }) => row) } };
    },
  );

  route(
    api,
    deps,
    {
      ...benchmarkSpecs.getBuild,
      method: 'get',
      path: '/v1/benchmarks/snapshots/:id',
      scopes: ['admin'],
      params: z.object({ id: uuid }),
      status: 200,
      answer: build,
    },
    async ({ identity, params: { id } }) => {
      requireFeature(identity.features, 'benchmarks');
      const found = await findBenchmarkBuild(deps.pool, id);
      if (!found) throw notFound('build of snapshots');
      return { body: found };
    },
  );
}
