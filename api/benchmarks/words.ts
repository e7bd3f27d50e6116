import { DateTime } from 'luxon';
import { z } from 'zod';
import type { BenchmarkAnswer } from '../../sql/benchmarks/benchmarks.ts';

/** An ISO week or a month, in UTC. */
export const period = z
  .string()
  .regex(/^20\d\d-(W\d\d|\d\d)$/, 'must be an ISO week, e.g. 2026-W46, or a month, e.g. 2026-10')
  .refine((text) => DateTime.fromISO(text, { zone: 'UTC' }).isValid, 'must be a week or month that exists');

export const POSITIONS = [
  'lowest quarter',
  'second quarter',
  'third quarter',
  'highest quarter',
  'below the median',
  'at the median',
  'above the median',
] as const;

/** Returns the tenant's position in words, computed from its own value and the rounded published ones, never by rank. */
export function positionOf({ own, p25, p50, p75, unit }: BenchmarkAnswer): (typeof POSITIONS)[number] | null {
  if (own === null || p50 === null) return null;
  const mine = unit === 'ratio' ? Math.round(own * 100) / 100 : Number(own.toPrecision(2));
  if (mine === p50) return 'at the median';
  if (p25 === null || p75 === null) return mine < p50 ? 'below the median' : 'above the median';
  if (mine < p50) return mine < p25 ? 'lowest quarter' : 'second quarter';
  return mine > p75 ? 'highest quarter' : 'third quarter';
}

export const method = z.object({
  statistic: z.string(),
  rounding: z.string(),
  minimum_contributors: z.number().int(),
  rules: z.string().meta({ description: 'Version of the rules in docs/benchmarks.md' }),
});

/** Returns how a benchmark was computed; docs/benchmarks.md explains it. */
export function methodOf({ unit, rules, minimum }: BenchmarkAnswer): z.infer<typeof method> {
  return {
    statistic:
      'Quartiles over the participating organisations, each counted once. Values outside percentiles 5 and 95 are clamped to them.',
    rounding: unit === 'ratio' ? 'one percentage point' : 'two significant digits',
    minimum_contributors: minimum ?? 0,
    rules: rules ?? '',
  };
}
