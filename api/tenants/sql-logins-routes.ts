import { z } from 'zod';
import { dateOf, instantAt } from '../../lib/time.ts';
import { anyLoginMayDrop, createSqlLogin, listSqlLogins, revokeSqlLogin } from '../../sql/tenants/sql-logins.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { conflict, notFound } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { instant, namesNobody, uuid } from '../http/schemas.ts';
import { reachOpenTenant, reachTenant } from '../http/tenant-reach.ts';
import type { Api } from '../http/types.ts';
import { requireFeature } from './features.ts';
import { keySpecs } from './keys-spec.ts';

const params = z.object({ id: uuid });

const input = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(200)
    .refine(...namesNobody),
  connection_limit: z.number().int().min(1).max(50).default(5).meta({
    description:
      'Sessions at the same time. All logins of a tenant together may have a tenth of the server’s `max_connections`',
  }),
  statement_timeout_seconds: z.number().int().min(1).max(3600).default(60),
  expires_at: instant
    .refine((at) => at > instantAt(new Date()), 'must be in the future')
    .transform(dateOf)
    .nullable()
    .default(null),
});

const shownLogin = z.object({
  id: uuid,
  name: z.string(),
  login: z.string(),
  connection_limit: z.number().int(),
  statement_timeout_seconds: z.number().int(),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime().nullable(),
  revoked_at: z.iso.datetime().nullable().meta({ description: 'Since when it reads nothing and lets nobody in' }),
  ended_at: z.iso.datetime().nullable().meta({ description: 'Since when its sessions are over and it is gone' }),
});

const newLogin = shownLogin.omit({ created_at: true, revoked_at: true, ended_at: true }).extend({
  password: z.string().nullable().meta({ description: 'Shown once; null when replayed under an Idempotency-Key' }),
  host: z.string().meta({ description: 'Where the API itself reaches the database' }),
  port: z.number().int(),
  database: z.string(),
  code: z.string().optional(),
});

const tooManySessions = (left: number) =>
  conflict(
    'sql-session-limit',
    'Too many SQL sessions',
    `Only ${left} sessions are left for SQL logins. Lower connection_limit, or delete a login that is no longer needed.`,
  );

/** PostgreSQL logins of one tenant, for psql, Power BI or a Metabase of its own. */
export function mountSqlLogins(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...keySpecs.createLogin,
      method: 'post',
      path: '/v1/tenants/:id/sql-logins',
      scopes: ['admin', 'tenant-admin'],
      params,
      body: input,
      status: 201,
      answer: newLogin,
    },
    async ({ identity, actor, params: { id }, body }) => {
      const tenant = await reachOpenTenant(deps, identity, id);
      requireFeature(tenant.features, 'sql_access');
      if (await anyLoginMayDrop(deps.pool)) {
        throw conflict(
          'unsafe-engine',
          'This TimescaleDB lets any login drop chunks',
          'A superuser must first revoke that right: see docs/security.md.',
        );
      }
      const made = await createSqlLogin(deps.pool, id, body, actor);
      if ('sessionsLeft' in made) throw tooManySessions(made.sessionsLeft);
      return { body: { ...body, ...made }, secrets: ['password'] };
    },
  );

  route(
    api,
    deps,
    {
      ...keySpecs.listLogins,
      method: 'get',
      path: '/v1/tenants/:id/sql-logins',
      scopes: ['admin', 'tenant-admin'],
      params,
      query: pageQuery,
      status: 200,
      answer: z.object({ data: z.array(shownLogin), next_cursor: z.string().nullable() }),
    },
    async ({ identity, params: { id }, query, request }) => {
      await reachTenant(deps, identity, id);
      const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, CURSOR.uuid)[0];
      const rows = await listSqlLogins(deps.pool, id, after, query.limit);
      return page(request, rows, rows.length === query.limit, (row) => encodeCursor(row.id));
    },
  );

  route(
    api,
    deps,
    {
      ...keySpecs.revokeLogin,
      method: 'delete',
      path: '/v1/tenants/:id/sql-logins/:loginId',
      scopes: ['admin', 'tenant-admin'],
      params: params.extend({ loginId: uuid }),
      status: 204,
    },
    async ({ identity, actor, params: { id, loginId } }) => {
      await reachTenant(deps, identity, id);
      if (!(await revokeSqlLogin(deps.pool, id, loginId, actor))) throw notFound('SQL login');
      return {};
    },
  );
}
