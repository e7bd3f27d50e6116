import { z } from 'zod';
import { dateOf, instantAt } from '../../lib/time.ts';
import { withTenant } from '../../sql/database/db.ts';
import { createKey, listKeys, revokeKey, SCOPES } from '../../sql/tenants/tenants.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { notFound, wrongScope } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { instant, namesNobody, uuid } from '../http/schemas.ts';
import { reachOpenTenant, reachTenant } from '../http/tenant-reach.ts';
import type { Api } from '../http/types.ts';
import { keySpecs } from './keys-spec.ts';

const params = z.object({ id: uuid });

const input = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(200)
    .refine(...namesNobody),
  scopes: z
    .array(z.enum(SCOPES))
    .min(1)
    .refine((scopes) => new Set(scopes).size === scopes.length, 'contains the same scope twice'),
  expires_at: instant
    .refine((at) => at > instantAt(new Date()), 'must be in the future')
    .transform(dateOf)
    .nullable()
    .optional(),
});

const shownKey = z.object({
  id: uuid,
  name: z.string(),
  prefix: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime().nullable(),
  revoked_at: z.iso.datetime().nullable(),
  last_used_at: z.iso.datetime().nullable(),
});

const newKey = shownKey.pick({ id: true, name: true, prefix: true, scopes: true, expires_at: true }).extend({
  key: z.string().nullable().meta({ description: 'Shown once; null when replayed under an Idempotency-Key' }),
  code: z.string().optional(),
});

export function mountKeys(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...keySpecs.create,
      method: 'post',
      path: '/v1/tenants/:id/keys',
      scopes: ['admin', 'tenant-admin'],
      params,
      body: input,
      status: 201,
      answer: newKey,
    },
    async ({ identity, actor, params: { id }, body }) => {
      const { kind } = await reachOpenTenant(deps, identity, id);
      if (body.scopes.includes('admin') && !(kind === 'operations' && identity.scopes.includes('admin')))
        throw wrongScope(['admin']);
      const input = { ...body, expires_at: body.expires_at ?? null };
      const made = await withTenant(deps.pool, id, (client) => createKey(client, id, input), actor);
      const { name, scopes, expires_at = null } = body;
      return { body: { id: made.id, key: made.key, prefix: made.prefix, name, scopes, expires_at }, secrets: ['key'] };
    },
  );

  route(
    api,
    deps,
    {
      ...keySpecs.list,
      method: 'get',
      path: '/v1/tenants/:id/keys',
      scopes: ['admin', 'tenant-admin'],
      params,
      query: pageQuery,
      status: 200,
      answer: z.object({ data: z.array(shownKey), next_cursor: z.string().nullable() }),
    },
    async ({ identity, params: { id }, query, request }) => {
      await reachTenant(deps, identity, id);
      const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, CURSOR.uuid)[0];
      const rows = await listKeys(deps.pool, id, after, query.limit);
      return page(request, rows, rows.length === query.limit, (row) => encodeCursor(row.id));
    },
  );

  route(
    api,
    deps,
    {
      ...keySpecs.revoke,
      method: 'delete',
      path: '/v1/tenants/:id/keys/:keyId',
      scopes: ['admin', 'tenant-admin'],
      params: params.extend({ keyId: uuid }),
      status: 204,
    },
    async ({ identity, actor, params: { id, keyId } }) => {
      await reachTenant(deps, identity, id);
      const hash = await withTenant(deps.pool, id, (client) => revokeKey(client, id, keyId), actor);
      if (!hash) throw notFound('key');
      deps.auth.forget(hash);
      return {};
    },
  );
}
