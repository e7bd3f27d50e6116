import { z } from 'zod';
import { createAnnotation, deleteAnnotation, listAnnotations, MAX_ANNOTATIONS } from '../../sql/dashboards/annotations.ts';
import { withTenant } from '../../sql/database/db.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { conflict, notFound } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { instant, namesNobody, uuid } from '../http/schemas.ts';
import type { Api } from '../http/types.ts';
import { annotationSpecs } from './annotations-spec.ts';
import { findDashboard } from './routes.ts';

const WRITERS = ['tenant-admin', 'admin'] as const;
const MAX_CHARACTERS = 500;

const dashboard = z.string().max(100);

const input = z.strictObject({
  time: instant.meta({ description: 'The moment that the note is about' }),
  text: z
    .string()
    .trim()
    .min(1)
    .max(MAX_CHARACTERS)
    .refine(...namesNobody)
    .meta({ description: 'What happened' }),
  dashboard: dashboard.optional().meta({ description: 'The one dashboard that shows it; all of them if absent' }),
});

const shown = z.object({
  id: uuid.meta({ description: 'Id of the annotation' }),
  time: z.iso.datetime(),
  text: z.string(),
  dashboard: z.string().nullable().meta({ description: 'The one dashboard that shows it; null: all of them' }),
  created_at: z.iso.datetime(),
});

/** Notes of a tenant on its charts of times. */
export function mountAnnotations(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...annotationSpecs.create,
      method: 'post',
      path: '/v1/annotations',
      scopes: WRITERS,
      body: input,
      status: 201,
      answer: shown,
    },
    async ({ identity, actor, body }) => {
      if (body.dashboard !== undefined) findDashboard(deps, body.dashboard, identity);
      const note = { ...body, dashboard: body.dashboard ?? null };
      const made = await withTenant(
        deps.pool,
        identity.tenantId,
        (client) => createAnnotation(client, identity.tenantId, note),
        actor,
      );
      if (!made)
        throw conflict('annotation-limit', `A tenant can have at most ${MAX_ANNOTATIONS} annotations. Delete one first.`);
      return { body: made };
    },
  );

  route(
    api,
    deps,
    {
      ...annotationSpecs.list,
      method: 'get',
      path: '/v1/annotations',
      scopes: ['read', ...WRITERS],
      query: pageQuery.extend({ from: instant.optional(), to: instant.optional(), dashboard: dashboard.optional() }),
      status: 200,
      answer: z.object({ data: z.array(shown), next_cursor: z.string().nullable() }),
    },
    async ({ identity, query: { cursor, limit, ...filter }, request }) => {
      const after = cursor === undefined ? undefined : decodeCursor(cursor, CURSOR.uuid)[0];
      const rows = await withTenant(deps.pool, identity.tenantId, (client) => listAnnotations(client, filter, after, limit));
      return page(request, rows, rows.length === limit, (row) => encodeCursor(row.id));
    },
  );

  route(
    api,
    deps,
    {
      ...annotationSpecs.delete,
      method: 'delete',
      path: '/v1/annotations/:id',
      scopes: WRITERS,
      params: z.object({ id: uuid.meta({ description: 'Id of the annotation' }) }),
      status: 204,
    },
    async ({ identity, actor, params: { id } }) => {
      const gone = await withTenant(deps.pool, identity.tenantId, (client) => deleteAnnotation(client, id), actor);
      if (!gone) throw notFound('annotation');
      return {};
    },
  );
}
