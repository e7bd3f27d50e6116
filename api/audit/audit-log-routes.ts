import { z } from 'zod';
import { listAuditLog } from '../../sql/audit/audit-log.ts';
import { withTenant } from '../../sql/database/db.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { page, pageQuery, route } from '../http/route.ts';
import type { Api } from '../http/types.ts';
import { auditSpecs } from './spec.ts';

const entry = z.object({
  at: z.iso.datetime(),
  actor: z.record(z.string(), z.string().nullable()).meta({
    description: '`key_id`, `tenant_id`, `address` and `request_id` of a request; `login` of a program of the platform',
  }),
  action: z.string().meta({ description: 'E.g. `key.created`, `key.revoked`, `key.new_address`, `tenant.changed`' }),
  target: z.string().meta({ description: 'Id of what was acted upon; of an event type, its name' }),
  details: z.record(z.string(), z.unknown()).meta({ description: 'Of a change: each column with its old and new value' }),
});

export function mountAuditLog(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...auditSpecs.list,
      method: 'get',
      path: '/v1/audit-log',
      scopes: ['tenant-admin', 'admin'],
      query: pageQuery.extend({ action: z.string().max(100).optional() }),
      filters: ['action'],
      status: 200,
      answer: z.object({ data: z.array(entry), next_cursor: z.string().nullable() }),
    },
    async ({ identity, query, request }) => {
      const before = query.cursor === undefined ? null : (decodeCursor(query.cursor, CURSOR.time)[0] as string);
      const rows = await withTenant(deps.pool, identity.tenantId, (client) =>
        listAuditLog(client, { action: query.action ?? null, before, limit: query.limit }),
      );
      const reply = page(request, rows, rows.length === query.limit, (row) => encodeCursor(row.cursor_time));
      return { ...reply, body: { ...(reply.body as object), data: rows.map(({ cursor_time: _, ...row }) => row) } };
    },
  );
}
