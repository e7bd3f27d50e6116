import { z } from 'zod';
import type { Deps } from '../http/deps.ts';
import { route } from '../http/route.ts';
import type { Api } from '../http/types.ts';
import { listObjectives } from './objectives.ts';
import { objectiveSpecs } from './spec.ts';

const rate = z.number().nullable();

const objective = z.object({
  name: z.string(),
  description: z.string(),
  indicator: z.string().meta({ description: 'What is measured, and how' }),
  unit: z.string(),
  target: z.number(),
  comparison: z.enum(['at most', 'at least']).meta({ description: 'How `measured` keeps to `target`' }),
  window: z.string().meta({ description: 'ISO 8601 duration' }),
  measured: z.number().nullable(),
  measured_at: z.iso.datetime().nullable(),
  status: z.enum(['met', 'missed', 'unknown']),
  budget_left: z.number().nullable().meta({ description: 'Share of what may go wrong in the window that has not, 1 to 0' }),
  error_budget: z
    .object({ total: z.number(), spent: z.number(), left: z.number() })
    .nullable()
    .meta({ description: 'Shares of all requests or events of the window: how many may be bad, how many were, and the rest' }),
  burn_rates: z
    .object({ '1h': rate, '6h': rate, '3d': rate })
    .nullable()
    .meta({ description: 'How fast the error budget is used up: at 1 it lasts for just the window' }),
  alert: z
    .enum(['fast-burn', 'slow-burn'])
    .nullable()
    .meta({ description: 'Burning at 14.4 or more over 1 h and 5 min, or at 6 or more over 6 h and 30 min' }),
  alert_since: z.iso.datetime().nullable(),
});

/** The objectives of the platform, and whether they are met. */
export function mountObjectives(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...objectiveSpecs.list,
      method: 'get',
      path: '/v1/objectives',
      scopes: ['read', 'admin'],
      status: 200,
      answer: z.object({ data: z.array(objective) }),
    },
    async ({ identity }) => ({ body: { data: await listObjectives(deps.ops, identity.scopes.includes('admin')) } }),
  );
}
