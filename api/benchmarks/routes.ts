import { z } from 'zod';
import { addConsent, type Consent, listBenchmarks, listConsents, readBenchmark } from '../../sql/benchmarks/benchmarks.ts';
import { withTenant } from '../../sql/database/db.ts';
import type { Deps } from '../http/deps.ts';
import { notFound } from '../http/problems.ts';
import { route } from '../http/route.ts';
import { namesNobody } from '../http/schemas.ts';
import type { Api } from '../http/types.ts';
import { countUsed, requireFeature } from '../tenants/features.ts';
import { benchmarkSpecs } from './spec.ts';
import { method, methodOf, POSITIONS, period, positionOf } from './words.ts';

const catalogue = z.object({
  data: z.array(
    z.object({
      name: z.string(),
      unit: z.string(),
      description: z.string(),
      class: z.enum(['operational', 'volume']),
      least_volume: z.number().int().meta({ description: 'Of a tenant in a period; with less it is not counted' }),
      rest_months: z.number().int().meta({ description: 'How long a period rests after its end before it is published' }),
      largest_share: z.number().meta({ description: 'Of all volume; where the largest has more, nothing is published' }),
      two_largest_share: z.number(),
    }),
  ),
});

const answer = z.object({
  metric: z.string(),
  period: z.string(),
  unit: z.string().optional(),
  yours: z.number().nullable().optional(),
  cohort: z
    .object({
      label: z.string(),
      size_band: z.string(),
      p25: z.number().nullable(),
      p50: z.number(),
      p75: z.number().nullable(),
    })
    .optional(),
  position: z.enum(POSITIONS).optional(),
  method: method.optional(),
  suppressed: z
    .enum(['GROUP_TOO_SMALL', 'DOMINANCE', 'P_PERCENT', 'DIFFERENCING', 'LOW_VOLUME', 'NOT_OPTED_IN', 'LAG'])
    .optional()
    .meta({ description: 'Code of the reason why the cohort has no result; the other members are then absent' }),
});

const consent = z.object({ accepted: z.boolean(), text_version: z.string(), at: z.iso.datetime() });
const consents = z.object({
  accepted: z.boolean(),
  text_version: z.string().nullable(),
  at: z.iso.datetime().nullable(),
  history: z.array(consent).meta({ description: 'Every decision, newest first' }),
});

const shownConsents = (history: Consent[]) => {
  const { accepted = false, text_version = null, at = null } = history[0] ?? {};
  return { accepted, text_version, at, history };
};

/** A tenant's metrics beside those of others, and its consent to take part. */
export function mountBenchmarks(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...benchmarkSpecs.setConsent,
      method: 'put',
      path: '/v1/benchmarks/consent',
      scopes: ['tenant-admin'],
      body: z.strictObject({
        accepted: z.boolean(),
        text_version: z
          .string()
          .min(1)
          .max(100)
          .refine(...namesNobody),
      }),
      status: 200,
      answer: consents,
    },
    async ({ identity, actor, body: { accepted, text_version } }) => {
      requireFeature(identity.features, 'benchmarks');
      const history = await withTenant(
        deps.pool,
        identity.tenantId,
        async (client) => {
          await addConsent(client, identity.tenantId, accepted, text_version);
          return listConsents(client);
        },
        actor,
      );
      return { body: shownConsents(history) };
    },
  );

  route(
    api,
    deps,
    {
      ...benchmarkSpecs.getConsent,
      method: 'get',
      path: '/v1/benchmarks/consent',
      scopes: ['read', 'tenant-admin'],
      status: 200,
      answer: consents,
    },
    async ({ identity }) => {
      requireFeature(identity.features, 'benchmarks');
      return { body: shownConsents(await withTenant(deps.pool, identity.tenantId, listConsents)) };
    },
  );

  route(
    api,
    deps,
    {
      ...benchmarkSpecs.list,
      method: 'get',
      path: '/v1/benchmarks',
      scopes: ['read'],
      query: z.strictObject({}),
      status: 200,
      answer: catalogue,
    },
    async ({ identity }) => {
      requireFeature(identity.features, 'benchmarks');
      const rows = await listBenchmarks(deps.pool);
      return { body: { data: rows.map(({ metric, ...row }) => ({ name: metric, ...row })) } };
    },
  );

  route(
    api,
    deps,
    {
      ...benchmarkSpecs.get,
      method: 'get',
      path: '/v1/benchmarks/:metric',
      scopes: ['read'],
      params: z.object({ metric: z.string() }),
      query: z.strictObject({ period: period.optional().meta({ description: 'If absent, the newest that is published' }) }),
      status: 200,
      answer,
    },
    async ({ identity, params, query }) => {
      requireFeature(identity.features, 'benchmarks');
      const names = (await listBenchmarks(deps.pool)).map(({ metric }) => metric);
      if (!names.includes(params.metric)) throw notFound('benchmark', `Known are: ${names.join(', ')}.`);
      const found = await withTenant(deps.pool, identity.tenantId, (client) =>
        readBenchmark(client, params.metric, query.period),
      );
      countUsed(deps, identity.tenantId, 'benchmarks');
      const { metric, period, suppressed } = found;
      if (suppressed) return { body: { metric, period, suppressed } };
      const { unit, own, cohort: label, size_band, p25, p50, p75 } = found;
      const cohort = { label, size_band, p25, p50, p75 };
      return { body: { metric, unit, period, yours: own, cohort, position: positionOf(found), method: methodOf(found) } };
    },
  );
}
