import { z } from 'zod';
import { createLink, deleteLink, listLinks, MAX_LINKS } from '../../sql/dashboards/links.ts';
import { withTenant } from '../../sql/database/db.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { conflict, notFound } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { uuid } from '../http/schemas.ts';
import type { Api } from '../http/types.ts';
import { checkLink, fixed } from './embeds-routes.ts';
import { linkSpecs } from './links-spec.ts';
import { findDashboard } from './routes.ts';

const MAX_SECONDS = 366 * 24 * 3600;

const params = z.object({ slug: z.string() });
const SCOPES = ['embed', 'admin'] as const;

const input = z
  .strictObject({
    params: fixed,
    expires_in: z.number().int().min(1).max(MAX_SECONDS).optional().meta({
      description: 'Seconds. If absent, the link expires only with its key',
    }),
  })
  .prefault({});

const expires = z.iso.datetime().nullable().meta({ description: 'null: the link works until it is deleted or its key ends' });

const made = z.object({
  id: z.string().nullable().meta({ description: 'Shown once; null when replayed under an Idempotency-Key' }),
  url: z.string().nullable().meta({ description: 'The path of the page, `/s/<id>`; also null when replayed' }),
  expires_at: expires,
  code: z.string().optional(),
});

const shown = z.object({
  id: z.string().meta({ description: 'The first eight characters of the id; they do not open the dashboard' }),
  key_id: uuid.meta({ description: 'The key that created the link; the link ends with it' }),
  params: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  created_at: z.iso.datetime(),
  expires_at: expires,
});

/** Short links to a dashboard for people without a key: stored, listed, and deleted one by one. */
export function mountLinks(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...linkSpecs.create,
      method: 'post',
      path: '/v1/dashboards/:slug/links',
      scopes: SCOPES,
      params,
      body: input,
      status: 201,
      answer: made,
    },
    async ({ identity, actor, params: { slug }, body }) => {
      checkLink(deps, identity, slug, body.params);
      const { tenantId, keyId } = identity;
      const link = { keyId, dashboard: slug, params: body.params, expiresAt: endOf(body.expires_in, identity.expiresAt) };
      const id = await withTenant(deps.pool, tenantId, (client) => createLink(client, tenantId, link), actor);
      if (id === undefined)
        throw conflict('link-limit', `A tenant can have at most ${MAX_LINKS} short links. Delete one first.`);
      return { body: { id, url: `/s/${id}`, expires_at: link.expiresAt }, secrets: ['id', 'url'] };
    },
  );

  route(
    api,
    deps,
    {
      ...linkSpecs.list,
      method: 'get',
      path: '/v1/dashboards/:slug/links',
      scopes: SCOPES,
      params,
      query: pageQuery,
      status: 200,
      answer: z.object({ data: z.array(shown), next_cursor: z.string().nullable() }),
    },
    async ({ identity, params: { slug }, query, request }) => {
      findDashboard(deps, slug, identity);
      const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, CURSOR.uuid)[0];
      const rows = await withTenant(deps.pool, identity.tenantId, (client) => listLinks(client, slug, after, query.limit));
      const last = rows.at(-1);
      const links = rows.map(({ row_id: _, prefix, ...rest }) => ({ id: prefix, ...rest }));
      return page(request, links, rows.length === query.limit, () => encodeCursor(last?.row_id ?? ''));
    },
  );

  route(
    api,
    deps,
    {
      ...linkSpecs.delete,
      method: 'delete',
      path: '/v1/dashboards/:slug/links/:id',
      scopes: SCOPES,
      params: params.extend({ id: z.string() }),
      status: 204,
    },
    async ({ identity, actor, params: { slug, id } }) => {
      const gone = await withTenant(deps.pool, identity.tenantId, (client) => deleteLink(client, slug, id), actor);
      if (!gone) throw notFound('link');
      return {};
    },
  );
}

// The earlier of the requested end and the end of the key.
function endOf(seconds: number | undefined, keyEnds: Date | null): Date | null {
  const asked = seconds === undefined ? null : new Date(Date.now() + seconds * 1000);
  if (!asked || !keyEnds) return asked ?? keyEnds;
  return asked < keyEnds ? asked : keyEnds;
}
