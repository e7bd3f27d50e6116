import { z } from 'zod';
import { uuid } from '../http/schemas.ts';

const number = z.number().nullable();

const measure = z.object({
  value: number.meta({ description: 'In the unit that `parameters.unit` names; null where it cannot be computed' }),
  numerator: number.meta({ description: 'What is divided' }),
  denominator: number.meta({ description: 'What it is divided by' }),
  provisional: z.boolean().meta({ description: 'Whether it can still change, because the period or the cohort is open' }),
  flags: z.array(z.string()).meta({ description: 'What to know of it, e.g. `over-100-percent`, `missing-months`' }),
  parameters: z.record(z.string(), z.unknown()).meta({ description: 'What it was computed with' }),
});

const named = <T extends z.ZodType>(of: T, what: string) => ({
  user_satisfaction: of.meta({ description: `${what} of user satisfaction` }),
  completion_rate_period: of.meta({ description: `${what} of completions by starts of the period` }),
  completion_rate_cohort: of.meta({ description: `${what} of the journeys started in the period` }),
  digital_take_up: of.meta({ description: `${what} of digital take-up` }),
  cost_per_transaction: of.meta({ description: `${what} of the cost per transaction` }),
});

export const measuresShape = z.object(named(measure, 'The figure')).meta({ description: 'The five measures' });

export const methodShape = z
  .object({
    version: z.string(),
    measures: z.object(named(z.string(), 'The formula, in words,')).meta({ description: 'How each figure is computed' }),
    assumptions: z.array(z.string()).meta({ description: 'What the figures assume' }),
  })
  .meta({ description: 'How the figures are computed, in words' });

export const missingShape = z
  .array(
    z.object({
      input: z.string().meta({ description: 'What is missing: `channel_counts`, `costs`, `assisted_digital` or `journeys`' }),
      period: z.string().meta({ description: 'The month that it is missing from' }),
      reason: z.string().meta({ description: 'e.g. `not-recorded`, `connector-failing`, `paper-not-known`' }),
    }),
  )
  .meta({ description: 'What figures needed and did not have' });

export const changesShape = z
  .array(
    z.object({
      measure: z.string().meta({ description: 'Name of the measure' }),
      before: number.meta({ description: 'Value of the revision before' }),
      after: number.meta({ description: 'Value of this revision' }),
      numerator_before: number.meta({ description: 'Numerator before' }),
      numerator_after: number.meta({ description: 'Numerator after' }),
      denominator_before: number.meta({ description: 'Denominator before' }),
      denominator_after: number.meta({ description: 'Denominator after' }),
      provisional: z.boolean().meta({ description: 'Whether the new figure can still change' }),
    }),
  )
  .meta({ description: 'What differs from the published revision before' });

/** A performance report as its tenant sees it. */
export const reportShape = z.object({
  id: uuid,
  service: z.string().meta({ description: 'Slug of the service' }),
  period: z.string().meta({ description: 'Month, quarter or year' }),
  cause: z.enum(['request', 'schedule']).meta({ description: 'Whether it was requested or made by itself' }),
  publish: z.boolean().meta({ description: 'Whether it is published when it is completed' }),
  status: z.enum(['queued', 'running', 'completed', 'failed']),
  error: z.string().nullable(),
  requested_at: z.iso.datetime(),
  completed_at: z.iso.datetime().nullable(),
  measures: measuresShape.nullable(),
  method: methodShape.nullable(),
  missing: missingShape.nullable(),
  revision: z
    .number()
    .int()
    .nullable()
    .meta({ description: 'Number among the published reports of its period; null: never published' }),
  published_at: z.iso.datetime().nullable().meta({ description: 'When it was published; null: never' }),
  withdrawn_at: z.iso.datetime().nullable().meta({ description: 'When it was withdrawn; null: it was not' }),
  changes: changesShape.nullable(),
});
