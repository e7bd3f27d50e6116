import { z } from 'zod';
import { withTenant } from '../../sql/database/db.ts';
import { findEventType } from '../../sql/event-types/event-types.ts';
import { countRefusals, newestData } from '../../sql/event-types/seen.ts';
import type { Deps } from '../http/deps.ts';
import { route } from '../http/route.ts';
import type { Api } from '../http/types.ts';
import { seenFields, storedViolations } from './seen.ts';
import { seenSpecs } from './seen-spec.ts';

const params = z.object({ type: z.string().min(1).max(200) });

const field = z.object({
  pointer: z.string().meta({ description: 'JSON Pointer into `data`; `*` is every item of an array' }),
  types: z
    .array(z.string())
    .meta({ description: 'JSON types of its values: integer, number, string, boolean, object, array, null' }),
  share: z.number().meta({ description: 'Share of the events that have it, from 0 to 1' }),
  distinct: z.number().int().meta({ description: 'Number of different values, as stored' }),
  personal: z.boolean().meta({ description: 'Whether it is, has or is part of a personal field' }),
  values: z
    .array(z.union([z.string(), z.number(), z.boolean()]))
    .nullable()
    .meta({ description: 'Its values, where it is not personal and has at most ten, each ten times on average; else null' }),
});

const violation = z.object({
  code: z.string(),
  pointer: z.string().nullable(),
  events: z.number().int().meta({ description: 'How many events' }),
  last_at: z.iso.datetime().meta({ description: 'When the last of them arrived' }),
});

/** What the newest events of a type look like, and what is wrong with them. */
export function mountSeenEvents(api: Api, deps: Deps): void {
  async function newest(tenantId: string, type: string) {
    const found = await withTenant(deps.pool, tenantId, async (client) => ({
      personal: (await findEventType(client, type))?.personal_fields ?? [],
      rows: await newestData(client, type),
    }));
    const events = found.rows.map(({ data, ...rest }) => ({ ...rest, data: data === null ? null : JSON.parse(data) }));
    return { personal: found.personal, events };
  }

  route(
    api,
    deps,
    {
      ...seenSpecs.fields,
      method: 'get',
      path: '/v1/event-types/:type/fields',
      scopes: ['read'],
      params,
      status: 200,
      answer: z.object({ events: z.number().int().meta({ description: 'How many events were read' }), data: z.array(field) }),
    },
    async ({ identity, params: { type } }) => {
      const { personal, events } = await newest(identity.tenantId, type);
      const data = seenFields(
        events.map(({ data }) => data),
        personal,
      );
      return { body: { events: events.length, data } };
    },
  );

  route(
    api,
    deps,
    {
      ...seenSpecs.violations,
      method: 'get',
      path: '/v1/event-types/:type/violations',
      scopes: ['tenant-admin'],
      params,
      status: 200,
      answer: z.object({
        refused: z.array(violation).meta({ description: 'Events in quarantine, of the last 30 days' }),
        checked: z.number().int().meta({ description: 'How many of the newest stored events were checked' }),
        stored: z.array(violation).meta({ description: 'Those of them that do not match the schema of today' }),
      }),
    },
    async ({ identity, params: { type } }) => {
      const { tenantId } = identity;
      const [{ personal, events }, refused, types] = await Promise.all([
        newest(tenantId, type),
        withTenant(deps.pool, tenantId, (client) => countRefusals(client, type)),
        deps.types.of(tenantId),
      ]);
      const { checked, violations } = storedViolations(events, (data, bytes) => types.check(type, data, bytes), personal);
      return { body: { refused, checked, stored: violations } };
    },
  );
}
