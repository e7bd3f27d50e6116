import { z } from 'zod';
import { type Client, withTenant } from '../../sql/database/db.ts';
import {
  createMember,
  deleteMember,
  findMember,
  listMembers,
  type NewMember,
  ROLES,
  type Role,
  updateMember,
} from '../../sql/members/members.ts';
import { createLoginCode } from '../../sql/members/sessions.ts';
import type { Identity } from '../../sql/tenants/tenants.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { conflict, invalidRequest, notFound } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { uuid } from '../http/schemas.ts';
import { reachOpenTenant } from '../http/tenant-reach.ts';
import type { Api } from '../http/types.ts';
import { memberSpecs } from './spec.ts';

const SCOPES = ['tenant-admin', 'admin'] as const;

const params = z.object({ id: uuid });
const name = z.string().trim().min(1).max(200).nullable();

const input = z.strictObject({
  email: z.email().max(254).toLowerCase(),
  name: name.optional(),
  role: z.enum(ROLES).optional().meta({ description: 'Default: viewer; operator for members of the platform itself' }),
});

const change = z.strictObject({ name: name.optional(), role: z.enum(ROLES).optional() });

const member = z.object({
  id: uuid,
  email: z.string(),
  name: z.string().nullable(),
  role: z.enum(ROLES),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});

const link = z.object({
  url: z.string().nullable().meta({ description: 'The path to open, once; null when replayed under an Idempotency-Key' }),
  expires_at: z.iso.datetime(),
  code: z.string().optional(),
});

const invited = member.extend({
  login_url: z.string().nullable().meta({ description: 'The path that signs the member in, once; null when replayed' }),
  login_expires_at: z.iso.datetime().meta({ description: 'Until when it does' }),
  code: z.string().optional(),
});

/** The people of a tenant who may sign in. */
export function mountMembers(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...memberSpecs.create,
      method: 'post',
      path: '/v1/members',
      scopes: SCOPES,
      body: input,
      status: 201,
      answer: member,
    },
    async ({ identity, actor, body }) => {
      const role = roleFor(identity.tenantKind, body.role);
      const made = await withTenant(deps.pool, identity.tenantId, (client) => createMember(client, { ...body, role }), actor);
      if (!made) throw conflict('member-exists', 'There is a member with this e-mail address');
      return { body: made };
    },
  );

  route(
    api,
    deps,
    {
      ...memberSpecs.createFor,
      method: 'post',
      path: '/v1/tenants/:id/members',
      scopes: SCOPES,
      params,
      body: input,
      status: 201,
      answer: invited,
    },
    async ({ identity, actor, params: { id }, body }) => {
      const { kind } = await reachOpenTenant(deps, identity, id);
      const role = roleFor(kind, body.role);
      const made = await withTenant(deps.pool, id, (client) => invite(client, { ...body, role }), actor);
      if (!made) throw conflict('member-exists', 'There is a member with this e-mail address');
      return { body: made, secrets: ['login_url'] };
    },
  );

  route(
    api,
    deps,
    {
      ...memberSpecs.list,
      method: 'get',
      path: '/v1/members',
      scopes: SCOPES,
      query: pageQuery,
      status: 200,
      answer: z.object({ data: z.array(member), next_cursor: z.string().nullable() }),
    },
    async ({ identity, query, request }) => {
      const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, CURSOR.uuid)[0];
      const rows = await withTenant(deps.pool, identity.tenantId, (client) => listMembers(client, after, query.limit));
      return page(request, rows, rows.length === query.limit, (row) => encodeCursor(row.id));
    },
  );

  route(
    api,
    deps,
    {
      ...memberSpecs.update,
      method: 'patch',
      path: '/v1/members/:id',
      scopes: SCOPES,
      params,
      body: change,
      status: 200,
      answer: member,
    },
    async ({ identity, actor, params: { id }, body }) => {
      if (body.role) roleFor(identity.tenantKind, body.role);
      const changed = await withTenant(deps.pool, identity.tenantId, (client) => updateMember(client, id, body), actor);
      if (!changed) throw notFound('member');
      return { body: changed };
    },
  );

  route(
    api,
    deps,
    {
      ...memberSpecs.delete,
      method: 'delete',
      path: '/v1/members/:id',
      scopes: SCOPES,
      params,
      status: 204,
    },
    async ({ identity, actor, params: { id } }) => {
      const gone = await withTenant(deps.pool, identity.tenantId, (client) => deleteMember(client, id), actor);
      if (!gone) throw notFound('member');
      return {};
    },
  );

  route(
    api,
    deps,
    {
      ...memberSpecs.loginLink,
      method: 'post',
      path: '/v1/members/:id/login-links',
      scopes: SCOPES,
      params,
      status: 201,
      answer: link,
    },
    async ({ identity, actor, params: { id } }) => {
      const made = await withTenant(
        deps.pool,
        identity.tenantId,
        async (client) => {
          const found = await findMember(client, id);
          return found && createLoginCode(client, found.key_id);
        },
        actor,
      );
      if (!made) throw notFound('member');
      return { body: { url: `/login?code=${made.code}`, expires_at: made.expiresAt }, secrets: ['url'] };
    },
  );
}

// A link comes with a new member only: an operator who adds members of other tenants cannot sign in as existing ones.
async function invite(client: Client, wanted: NewMember) {
  const made = await createMember(client, wanted);
  const found = made && (await findMember(client, made.id));
  if (!found) return undefined;
  const { code, expiresAt } = await createLoginCode(client, found.key_id);
  return { ...made, login_url: `/login?code=${code}`, login_expires_at: expiresAt };
}

// Operators are members of the platform's own tenant, and its members are operators.
function roleFor(kind: Identity['tenantKind'], asked: Role | undefined): Role {
  const role = asked ?? (kind === 'operations' ? 'operator' : 'viewer');
  if ((role === 'operator') === (kind === 'operations')) return role;
  const detail = kind === 'operations' ? 'A member of the platform is an operator.' : 'A member is a viewer or an admin.';
  throw invalidRequest([{ pointer: '/role', code: 'invalid-role', detail }]);
}
