import { z } from 'zod';
import { withTenant } from '../../sql/database/db.ts';
import { createLoginCode } from '../../sql/members/sessions.ts';
import {
  allowSupport,
  endSupport,
  endVisit,
  findSupportAccess,
  MAX_VISIT_MINUTES,
  startVisit,
} from '../../sql/members/support.ts';
import type { Deps } from '../http/deps.ts';
import { conflict, invalidRequest, notFound } from '../http/problems.ts';
import { route } from '../http/route.ts';
import { namesNobody, uuid } from '../http/schemas.ts';
import { reachOpenTenant } from '../http/tenant-reach.ts';
import type { Api } from '../http/types.ts';
import { supportSpecs } from './support-spec.ts';

/** Longest time for which a tenant may allow support access at once. */
const MAX_ALLOWED_DAYS = 30;
const DAY_MS = 86_400_000;

const time = z.iso.datetime();
const params = z.object({ id: uuid });

const visit = z.object({
  id: uuid,
  operator: z.string().meta({ description: "The operator's e-mail address, or the name of the key" }),
  reason: z.string(),
  created_at: time,
  ends_at: time.meta({ description: 'When it ends by itself' }),
  ended_at: time.nullable().meta({ description: 'When it was ended before that' }),
});

const access = z.object({
  allowed_until: time.nullable().meta({ description: 'Until when operators may visit; null: they may not' }),
  visits: z.array(visit).meta({ description: 'The newest 50' }),
});

const started = visit.extend({
  login_url: z.string().nullable().meta({ description: 'The path that opens the visit, once; null when replayed' }),
  code: z.string().optional(),
});

/** Support access: the tenant's switch, and visits of operators to a tenant that allows it. */
export function mountSupportAccess(api: Api, deps: Deps): void {
  const read = (tenantId: string) => withTenant(deps.pool, tenantId, findSupportAccess);
  const forget = (hashes: Buffer[]) => {
    for (const hash of hashes) deps.auth.forgetSession(hash);
  };

  route(
    api,
    deps,
    {
      ...supportSpecs.get,
      method: 'get',
      path: '/v1/support-access',
      scopes: ['tenant-admin'],
      status: 200,
      answer: access,
    },
    async ({ identity }) => ({ body: await read(identity.tenantId) }),
  );

  route(
    api,
    deps,
    {
      ...supportSpecs.allow,
      method: 'put',
      path: '/v1/support-access',
      scopes: ['tenant-admin'],
      body: z.strictObject({
        allowed_until: z.iso.datetime({ offset: true }).meta({ description: 'Until when; at most 30 days from now' }),
      }),
      status: 200,
      answer: access,
    },
    async ({ identity, actor, body }) => {
      const until = new Date(body.allowed_until);
      const left = until.getTime() - Date.now();
      if (left <= 0 || left > MAX_ALLOWED_DAYS * DAY_MS) {
        const detail = `"allowed_until" must be in the future, at most ${MAX_ALLOWED_DAYS} days from now.`;
        throw invalidRequest([{ pointer: '/allowed_until', code: 'invalid-time', detail }]);
      }
      await withTenant(deps.pool, identity.tenantId, (client) => allowSupport(client, until), actor);
      return { body: await read(identity.tenantId) };
    },
  );

  route(
    api,
    deps,
    {
      ...supportSpecs.end,
      method: 'delete',
      path: '/v1/support-access',
      scopes: ['tenant-admin'],
      status: 204,
    },
    async ({ identity, actor }) => {
      forget(await withTenant(deps.pool, identity.tenantId, endSupport, actor));
      return {};
    },
  );

  route(
    api,
    deps,
    {
      ...supportSpecs.ofTenant,
      method: 'get',
      path: '/v1/tenants/:id/support-access',
      scopes: ['admin'],
      params,
      status: 200,
      answer: access,
    },
    async ({ identity, params: { id } }) => {
      await reachOpenTenant(deps, identity, id);
      return { body: await read(id) };
    },
  );

  route(
    api,
    deps,
    {
      ...supportSpecs.start,
      method: 'post',
      path: '/v1/tenants/:id/support-visits',
      scopes: ['admin'],
      params,
      body: z.strictObject({
        reason: z
          .string()
          .trim()
          .min(1)
          .max(500)
          .refine(...namesNobody)
          .meta({ description: 'Shown to the tenant, and kept in its audit log' }),
        minutes: z
          .number()
          .int()
          .min(1)
          .max(MAX_VISIT_MINUTES)
          .default(MAX_VISIT_MINUTES)
          .meta({ description: 'How long the visit lasts at most' }),
      }),
      status: 201,
      answer: started,
    },
    async ({ identity, actor, params: { id }, body }) => {
      const { kind } = await reachOpenTenant(deps, identity, id);
      if (kind !== 'customer') throw notFound('tenant');
      const made = await withTenant(
        deps.pool,
        id,
        async (client) => {
          const started = await startVisit(client, identity.keyId, body);
          if (!started) return undefined;
          const { key_id, ...shown } = started;
          const { code } = await createLoginCode(client, key_id);
          return { ...shown, login_url: `/login?code=${code}` };
        },
        actor,
      );
      if (!made)
        throw conflict(
          'support-not-allowed',
          'The tenant does not allow support access',
          'Ask an administrator of the tenant to allow it: PUT /v1/support-access, or the page Support access.',
        );
      return { body: made, secrets: ['login_url'] };
    },
  );

  route(
    api,
    deps,
    {
      ...supportSpecs.leave,
      method: 'delete',
      path: '/v1/tenants/:id/support-visits/:visit',
      scopes: ['admin'],
      params: z.object({ id: uuid, visit: uuid.meta({ description: 'Id of the visit' }) }),
      status: 204,
    },
    async ({ identity, actor, params: { id, visit: visitId } }) => {
      await reachOpenTenant(deps, identity, id);
      const hashes = await withTenant(deps.pool, id, (client) => endVisit(client, visitId), actor);
      if (!hashes) throw notFound('open visit');
      forget(hashes);
      return {};
    },
  );
}
