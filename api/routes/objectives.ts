import type { Express } from 'express';
import { z } from 'zod';
import type { Deps } from '../deps.ts';
import { budgetLeft, OBJECTIVES } from '../objectives.ts';
import { route } from '../route.ts';

const objective = z.object({
  name: z.string(),
  description: z.string(),
  target: z.number(),
  measured: z.number().nullable(),
  window: z.string().meta({ description: 'ISO 8601 duration' }),
  budget_left: z.number().nullable().meta({ description: 'Share of what may go wrong in the window that has not, 1 to 0' }),
  measured_at: z.iso.datetime().nullable(),
  status: z.enum(['met', 'missed', 'unknown']),
});

/** What the platform promises of itself, and whether it holds. */
export function mountObjectives(app: Express, deps: Deps): void {
  route(
    app,
    deps,
    {
      method: 'get',
      path: '/v1/objectives',
      summary: 'What the platform promises, measured on itself',
      scopes: ['read', 'admin'],
      status: 200,
      answer: z.object({ data: z.array(objective) }),
    },
    async () => {
      const now = new Date();
      const data = OBJECTIVES.map(async ({ measure, ...promised }) => {
        const { measured, measured_at } = await measure(deps.pool, now);
        const status = measured === null ? 'unknown' : measured <= promised.target ? 'met' : 'missed';
        const budget_left = measured === null ? null : budgetLeft(promised.target, measured);
        return { ...promised, measured, budget_left, measured_at, status };
      });
      return { body: { data: await Promise.all(data) } };
    },
  );
}
