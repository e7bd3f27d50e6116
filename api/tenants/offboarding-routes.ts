import { z } from 'zod';
import type { Queues } from '../../jobs/queues.ts';
import { withTenant } from '../../sql/database/db.ts';
import { findOffboarding, type Offboarding, offboardTenant } from '../../sql/tenants/offboarding.ts';
import { findTenant } from '../../sql/tenants/tenants.ts';
import type { Deps } from '../http/deps.ts';
import { conflict, notFound } from '../http/problems.ts';
import { route } from '../http/route.ts';
import { uuid } from '../http/schemas.ts';
import type { Api } from '../http/types.ts';
import { tenantSpecs } from './spec.ts';

const params = z.object({ id: uuid });

const answer = z.object({
  tenant_id: uuid,
  slug: z.string().nullable().meta({ description: 'Null once it is completed' }),
  status: z.enum(['running', 'completed']),
  progress: z.number().int().meta({ description: '0 to 100' }),
  requested_at: z.iso.datetime(),
  completed_at: z.iso.datetime().nullable(),
  certificate: z
    .record(z.string(), z.unknown())
    .nullable()
    .meta({ description: 'What was removed where, once it is completed; signed by the audit log' }),
});

/** The removal of a whole tenant: requested here, done by a job, then certified. */
export function mountOffboarding(api: Api, deps: Deps, queues: Queues): void {
  route(
    api,
    deps,
    {
      ...tenantSpecs.offboard,
      method: 'delete',
      path: '/v1/tenants/:id',
      scopes: ['admin'],
      params,
      status: 202,
      answer,
    },
    async ({ actor, params: { id } }) => {
      if ((await findTenant(deps.pool, id))?.kind === 'operations') {
        throw conflict('operations-tenant', "The platform's own tenant cannot be removed");
      }
      const found = await withTenant(deps.pool, actor.tenantId, (client) => offboardTenant(client, id), actor);
      if (!found) throw notFound('tenant');
      for (const hash of found.revoked) deps.auth.forget(hash);
      queues.enqueue('offboard-tenants');
      return { body: shown(found), headers: { location: `/v1/tenants/${id}/offboarding` } };
    },
  );

  route(
    api,
    deps,
    {
      ...tenantSpecs.offboarding,
      method: 'get',
      path: '/v1/tenants/:id/offboarding',
      scopes: ['admin'],
      params,
      status: 200,
      answer,
    },
    async ({ params: { id } }) => {
      const found = await findOffboarding(deps.pool, id);
      if (!found) throw notFound('offboarding');
      return { body: shown(found) };
    },
  );
}

const shown = ({ tenant_id, slug, requested_at, progress, completed_at, certificate }: Offboarding) => ({
  tenant_id,
  slug,
  status: completed_at ? 'completed' : 'running',
  progress,
  requested_at,
  completed_at,
  certificate: completed_at && certificate,
});
