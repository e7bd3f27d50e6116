import { z } from 'zod';
import { dateOf } from '../../lib/time.ts';
import { withTenant } from '../../sql/database/db.ts';
import { changeIncident, createIncident, findIncident, type Incident, listIncidents } from '../../sql/privacy/incidents.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { notFound } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { instant, namesNobody, uuid } from '../http/schemas.ts';
import type { Api } from '../http/types.ts';
import { incidentSpecs } from './incidents-spec.ts';

const text = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .refine(...namesNobody);
const moment = instant.transform(dateOf);

const members = z.strictObject({
  title: text(200),
  description: text(10_000),
  data_categories: z.array(text(100)).max(50).meta({ description: 'Such as contact, financial, health' }),
  tenant_ids: z.array(uuid).max(1000),
  is_risk: z.boolean(),
  known_at: moment,
  people: z.number().int().min(0).max(2_000_000_000).nullable(),
  measures: text(10_000).nullable(),
  occurred_at: moment.nullable(),
  authority_notified_at: moment.nullable(),
  people_notified_at: moment.nullable(),
  closed_at: moment.nullable(),
});
const input = members.partial({
  people: true,
  measures: true,
  occurred_at: true,
  authority_notified_at: true,
  people_notified_at: true,
  closed_at: true,
});

const time = z.iso.datetime();

const shownIncident = z.object({
  id: uuid,
  title: z.string(),
  description: z.string(),
  data_categories: z.array(z.string()),
  tenant_ids: z.array(uuid),
  people: z.number().int().nullable(),
  measures: z.string().nullable(),
  is_risk: z.boolean(),
  occurred_at: time.nullable(),
  known_at: time,
  notify_by: time.meta({ description: 'Three business days after it became known; holidays count, so it is never too late' }),
  authority_notified_at: time.nullable(),
  people_notified_at: time.nullable(),
  closed_at: time.nullable(),
  created_at: time,
  kept_until: time.meta({ description: 'Five years after it was registered; it cannot be deleted before' }),
});

const params = z.object({ id: uuid });

/** The operator's register of security incidents with personal data (LGPD art. 48). */
export function mountIncidents(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...incidentSpecs.create,
      method: 'post',
      path: '/v1/incidents',
      scopes: ['admin'],
      body: input,
      status: 201,
      answer: shownIncident,
    },
    async ({ actor, body }) => {
      const made = await withTenant(deps.pool, actor.tenantId, (client) => createIncident(client, body), actor);
      return { body: shown(made), headers: { location: `/v1/incidents/${made.id}` } };
    },
  );

  route(
    api,
    deps,
    {
      ...incidentSpecs.list,
      method: 'get',
      path: '/v1/incidents',
      scopes: ['admin'],
      query: pageQuery,
      status: 200,
      answer: z.object({ data: z.array(shownIncident), next_cursor: z.string().nullable() }),
    },
    async ({ actor, query, request }) => {
      const before = query.cursor === undefined ? undefined : decodeCursor(query.cursor, CURSOR.uuid)[0];
      const rows = await withTenant(deps.pool, actor.tenantId, (client) => listIncidents(client, before, query.limit));
      return page(request, rows.map(shown), rows.length === query.limit, (row) => encodeCursor(row.id));
    },
  );

  route(
    api,
    deps,
    {
      ...incidentSpecs.get,
      method: 'get',
      path: '/v1/incidents/:id',
      scopes: ['admin'],
      params,
      status: 200,
      answer: shownIncident,
    },
    async ({ actor, params: { id } }) => {
      const found = await withTenant(deps.pool, actor.tenantId, (client) => findIncident(client, id));
      if (!found) throw notFound('incident');
      return { body: shown(found) };
    },
  );

  route(
    api,
    deps,
    {
      ...incidentSpecs.change,
      method: 'patch',
      path: '/v1/incidents/:id',
      scopes: ['admin'],
      params,
      body: members.partial(),
      status: 200,
      answer: shownIncident,
    },
    async ({ actor, params: { id }, body }) => {
      const made = await withTenant(deps.pool, actor.tenantId, (client) => changeIncident(client, id, body), actor);
      if (!made) throw notFound('incident');
      return { body: shown(made) };
    },
  );
}

function shown(row: Incident) {
  const { alerted: _, ...rest } = row as Incident & { alerted: number };
  return rest;
}
