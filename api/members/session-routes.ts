import type { Request, Response } from 'express';
import { z } from 'zod';
import { withTenant } from '../../sql/database/db.ts';
import { ROLES, type Role } from '../../sql/members/members.ts';
import { endSession, listSessions, type SessionIdentity } from '../../sql/members/sessions.ts';
import { findTenant, SCOPES } from '../../sql/tenants/tenants.ts';
import type { Deps } from '../http/deps.ts';
import { notFound, unauthenticated } from '../http/problems.ts';
import { actorOf, route } from '../http/route.ts';
import { uuid } from '../http/schemas.ts';
import type { Api, Seen } from '../http/types.ts';
import { sessionSpecs } from './spec.ts';

const answer = z.object({
  tenant: z.object({ id: uuid, slug: z.string(), name: z.string() }),
  role: z.enum(ROLES),
  scopes: z.array(z.enum(SCOPES)),
  member: z.object({ id: uuid, email: z.string(), name: z.string().nullable() }).optional(),
  expires_at: z.iso.datetime(),
});

const shown = z.object({
  id: uuid,
  address: z.string().nullable(),
  agent: z.string().meta({ description: 'What the browser calls itself' }),
  created_at: z.iso.datetime(),
  seen_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
  current: z.boolean().meta({ description: 'The session of this request' }),
});

/** The role of a session: a member's own, or what the scopes of its key amount to. */
export function roleOf({ session, scopes }: Pick<SessionIdentity, 'session' | 'scopes'>): Role {
  if (session.member) return session.member.role;
  if (scopes.includes('admin')) return 'operator';
  return scopes.includes('tenant-admin') ? 'admin' : 'viewer';
}

/** The session of the browser that asks. */
export function mountSessions(api: Api, deps: Deps): void {
  async function sessionOf(request: Request, response: Response): Promise<SessionIdentity> {
    const session = await deps.auth.session(request, response.locals.seen as Seen);
    if (!session) throw unauthenticated('No session: sign in at /login.');
    return session;
  }

  route(
    api,
    deps,
    {
      ...sessionSpecs.get,
      method: 'get',
      path: '/v1/session',
      scopes: [],
      status: 200,
      answer,
    },
    async ({ request, response }) => {
      const identity = await sessionOf(request, response);
      const tenant = await findTenant(deps.pool, identity.tenantId);
      if (!tenant) throw unauthenticated('The tenant is gone.');
      const { member, expiresAt } = identity.session;
      return {
        body: {
          tenant: { id: tenant.id, slug: tenant.slug, name: tenant.name },
          role: roleOf(identity),
          scopes: identity.scopes,
          ...(member && { member: { id: member.id, email: member.email, name: member.name } }),
          expires_at: expiresAt,
        },
      };
    },
  );

  route(
    api,
    deps,
    {
      ...sessionSpecs.list,
      method: 'get',
      path: '/v1/sessions',
      scopes: [],
      status: 200,
      answer: z.object({ data: z.array(shown) }),
    },
    async ({ request, response }) => {
      const { tenantId, keyId, session } = await sessionOf(request, response);
      const rows = await withTenant(deps.pool, tenantId, (client) => listSessions(client, keyId));
      return { body: { data: rows.map((row) => ({ ...row, current: row.id === session.id })) } };
    },
  );

  route(
    api,
    deps,
    {
      ...sessionSpecs.end,
      method: 'delete',
      path: '/v1/sessions/:id',
      scopes: [],
      params: z.object({ id: uuid }),
      status: 204,
    },
    async ({ params: { id }, request, response }) => {
      const identity = await sessionOf(request, response);
      const { tenantId, keyId } = identity;
      const actor = actorOf(identity, response.locals.seen as Seen);
      const hash = await withTenant(deps.pool, tenantId, (client) => endSession(client, id, keyId), actor);
      if (!hash) throw notFound('session');
      deps.auth.forgetSession(hash);
      return {};
    },
  );
}
