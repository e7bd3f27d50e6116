import { z } from 'zod';
import { type ListedFile, pageOfFiles } from '../../sql/archive/manifest.ts';
import { listArchiveRules, removeArchiveRule, setArchiveRule } from '../../sql/archive/rules.ts';
import { withTenant } from '../../sql/database/db.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { notFound } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { uuid } from '../http/schemas.ts';
import type { Api } from '../http/types.ts';
import { archiveSpecs } from './spec.ts';

const changeable = z.strictObject({
  tenant_id: uuid.nullable().default(null).meta({ description: 'null: every customer without a rule of its own' }),
  type: z.string().min(1).max(200).nullable().default(null).meta({ description: 'null: every type without a rule of its own' }),
  tier: z.string().min(1).max(100).default('standard').meta({ description: 'What it is sold as' }),
  keep_days: z.number().int().min(0).max(3650).meta({
    description:
      'From the time of an event. What would not be kept longer than the database keeps it is not archived; 0: nothing is. A tenant’s raw_retention_days is a limit here too',
  }),
});

const rule = z.object({
  id: uuid,
  tenant_id: uuid.nullable(),
  type: z.string().nullable(),
  tier: z.string(),
  keep_days: z.number().int(),
});

const file = z.object({
  id: uuid,
  type: z.string(),
  day: z.iso.date(),
  name: z.string().meta({ description: 'In the object store' }),
  rows: z.number().int(),
  bytes: z.number().int(),
  sha256: z.string(),
  digest: z.string().meta({ description: 'Over the rows, in whatever order: docs/archive.md' }),
  first_time: z.iso.datetime(),
  last_time: z.iso.datetime(),
  written_at: z.iso.datetime(),
});

/** The rules for how long raw events are archived, set by the operator, and a tenant's own archive files. */
export function mountArchive(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...archiveSpecs.listRules,
      method: 'get',
      path: '/v1/archive/rules',
      scopes: ['admin'],
      status: 200,
      answer: z.object({ data: z.array(rule) }),
    },
    async () => ({ body: { data: await listArchiveRules(deps.pool) } }),
  );

  route(
    api,
    deps,
    {
      ...archiveSpecs.setRule,
      method: 'put',
      path: '/v1/archive/rules',
      scopes: ['admin'],
      body: changeable,
      status: 200,
      answer: rule,
    },
    async ({ identity, actor, body }) => {
      const made = await withTenant(deps.pool, identity.tenantId, (client) => setArchiveRule(client, body), actor);
      if (!made) throw notFound('tenant');
      return { body: made };
    },
  );

  route(
    api,
    deps,
    {
      ...archiveSpecs.deleteRule,
      method: 'delete',
      path: '/v1/archive/rules/:id',
      scopes: ['admin'],
      params: z.object({ id: uuid }),
      status: 204,
    },
    async ({ identity, actor, params: { id } }) => {
      const removed = await withTenant(deps.pool, identity.tenantId, (client) => removeArchiveRule(client, id), actor);
      if (!removed) throw notFound('archive rule');
      return {};
    },
  );

  route(
    api,
    deps,
    {
      ...archiveSpecs.listFiles,
      method: 'get',
      path: '/v1/archive/files',
      scopes: ['read', 'tenant-admin'],
      query: pageQuery,
      status: 200,
      answer: z.object({ data: z.array(file), next_cursor: z.string().nullable() }),
    },
    async ({ identity, query, request }) => {
      const cursor = query.cursor === undefined ? null : decodeCursor(query.cursor, CURSOR.day, CURSOR.uuid);
      const before = cursor && { day: cursor[0] as string, id: cursor[1] as string };
      const rows = await withTenant(deps.pool, identity.tenantId, (client) => pageOfFiles(client, before, query.limit));
      return page(request, rows, rows.length === query.limit, (row: ListedFile) => encodeCursor(row.day, row.id));
    },
  );
}
