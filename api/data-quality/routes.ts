import { z } from 'zod';
import { dateOf, type Instant, instantAt, later } from '../../lib/time.ts';
import { readDataQuality } from '../../sql/data-quality/data-quality.ts';
import { CHECKS } from '../../sql/data-quality/quality-checks.ts';
import { lastReconciliation } from '../../sql/data-quality/reconciliations.ts';
import { withTenant } from '../../sql/database/db.ts';
import type { Deps } from '../http/deps.ts';
import { invalidRequest } from '../http/problems.ts';
import { route } from '../http/route.ts';
import { instant } from '../http/schemas.ts';
import type { Api } from '../http/types.ts';
import { dataQualitySpecs } from './spec.ts';

const DAY_MS = 86_400_000;
const MAX_DAYS = 731;
// PostgreSQL has no year 0.
const EARLIEST: Instant = '0001-01-01T00:00:00.000000Z';

const result = z.object({
  name: z.string(),
  status: z.enum(['pass', 'warn', 'fail', 'unknown']),
  value: z.number().nullable(),
  weight: z.number().meta({ description: 'How much it counts in the score of the day' }),
  checked_at: z.iso.datetime(),
});

const check = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  unit: z.enum(['ratio', 'hours']),
  warn: z.number().meta({ description: 'Above this it warns' }),
  fail: z.number(),
  weight: z.number(),
});

const reconciliation = z.object({
  ran_at: z.iso.datetime(),
  hours: z.number().int(),
  receipts: z.number().int().meta({ description: 'Events that were accepted, by their receipts, less those that were erased' }),
  raw: z.number().int().meta({ description: 'Raw events that are kept' }),
  rolled_up: z.number().int(),
  quarantined: z.number().int(),
  differences: z.number().int(),
  first_difference: z
    .object({
      where: z.enum(['raw', 'hourly', 'daily', 'quarantine']),
      at: z.iso.datetime(),
      receipts: z.number().int(),
      found: z.number().int(),
    })
    .nullable(),
});

const answer = z.object({
  data: z.array(
    z.object({
      day: z.iso.date(),
      score: z.number().nullable().meta({ description: '0 to 100; null where nothing could be told' }),
      checks: z.array(result),
    }),
  ),
  checks: z.array(check),
  reconciliation: reconciliation.nullable().meta({ description: 'The last night\u2019s proof, to the event' }),
});

/** The quality of a tenant's data: a score per day, and the checks behind it. */
export function mountDataQuality(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...dataQualitySpecs.get,
      method: 'get',
      path: '/v1/data-quality',
      scopes: ['read'],
      query: z.strictObject({
        from: instant.optional().meta({ description: 'Seven days before `to` if absent' }),
        to: instant.optional().meta({ description: 'Now if absent' }),
      }),
      status: 200,
      answer,
    },
    async ({ identity, query }) => {
      const to = query.to ?? instantAt(new Date());
      const from = query.from ?? later(EARLIEST, instantAt(new Date(dateOf(to).getTime() - 7 * DAY_MS)));
      refuseWindow(from, to);
      const found = await withTenant(deps.pool, identity.tenantId, async (client) => ({
        data: await readDataQuality(client, from, to),
        reconciliation: (await lastReconciliation(client)) ?? null,
      }));
      const locale = identity.locale === 'pt-BR' ? 'pt-BR' : 'en';
      const checks = CHECKS.map(({ name, title, description, unit, warn, fail, weight }) => ({
        name,
        title: title[locale],
        description: description[locale],
        unit,
        warn,
        fail,
        weight,
      }));
      return { body: { data: found.data, checks, reconciliation: found.reconciliation } };
    },
  );
}

function refuseWindow(from: Instant, to: Instant): void {
  const days = (dateOf(to).getTime() - dateOf(from).getTime()) / DAY_MS;
  if (from < to && days <= MAX_DAYS) return;
  const detail = `\`from\` must be before \`to\`, and the window must have at most ${MAX_DAYS} days.`;
  throw invalidRequest([{ pointer: '/from', code: from < to ? 'out-of-range' : 'empty-window', detail }]);
}
