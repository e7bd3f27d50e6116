import { z } from 'zod';
import { withTenant } from '../../sql/database/db.ts';
import { listComments, redactComment } from '../../sql/performance/feedback.ts';
import { findService } from '../../sql/performance/services.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { notFound } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { uuid } from '../http/schemas.ts';
import type { Api } from '../http/types.ts';
import { feedbackSpecs } from './feedback-spec.ts';
import { serviceSlug } from './services-routes.ts';

const params = z.object({ slug: serviceSlug });
const id = uuid.meta({ description: 'Id of the feedback' });

const comment = z.object({
  id,
  received_at: z.iso.datetime().meta({ description: 'When it was sent' }),
  rating: z.number().int().meta({ description: '1 (very dissatisfied) to 5 (very satisfied)' }),
  locale: z.string().meta({ description: 'Language in which it was asked' }),
  comment: z.string().meta({ description: 'With marks in place of e-mail addresses and long numbers' }),
});

/** Comments on services, for administrators of the tenant. */
export function mountComments(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...feedbackSpecs.comments,
      method: 'get',
      path: '/v1/services/:slug/comments',
      scopes: ['tenant-admin'],
      params,
      query: pageQuery.extend({
        q: z.string().trim().min(1).max(200).optional().meta({ description: 'Text that the comment contains' }),
        rating: z.coerce.number().int().min(1).max(5).optional().meta({ description: 'The rating that came with it' }),
      }),
      status: 200,
      answer: z.object({ data: z.array(comment), next_cursor: z.string().nullable() }),
    },
    async ({ identity, params: { slug }, query: { cursor, limit, q, rating }, request }) => {
      const after = cursor === undefined ? undefined : decodeCursor(cursor, CURSOR.time, CURSOR.uuid);
      const before = after ? { time: after[0] as string, id: after[1] as string } : null;
      const rows = await withTenant(deps.pool, identity.tenantId, async (client) => {
        if (!(await findService(client, slug))) throw notFound('service');
        return listComments(client, slug, { text: q ?? null, rating: rating ?? null, before, limit });
      });
      const reply = page(request, rows, rows.length === limit, (row) => encodeCursor(row.cursor_time, row.id));
      return { ...reply, body: { ...(reply.body as object), data: rows.map(({ cursor_time: _, ...row }) => row) } };
    },
  );

  route(
    api,
    deps,
    {
      ...feedbackSpecs.redact,
      method: 'delete',
      path: '/v1/services/:slug/comments/:id',
      scopes: ['tenant-admin'],
      params: params.extend({ id }),
      status: 204,
    },
    async ({ identity, actor, params: { slug, id } }) => {
      const gone = await withTenant(deps.pool, identity.tenantId, (client) => redactComment(client, slug, id), actor);
      if (!gone) throw notFound('comment');
      return {};
    },
  );
}
