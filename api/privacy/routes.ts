import { z } from 'zod';
import { withTenant } from '../../sql/database/db.ts';
import { SUBJECTS } from '../../sql/event-types/event-types.ts';
import { destroyPseudonymKey, listProcessing, type ProcessingRecord } from '../../sql/privacy/privacy.ts';
import { processing } from '../event-types/routes.ts';
import { sendCsv, wantsCsv } from '../http/csv.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { notFound } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import type { Api } from '../http/types.ts';
import { privacySpecs } from './spec.ts';

/** The register for the authority must be one file, without pages. */
const MAX_RECORDS = 10_000;

const record = z.object({
  type: z.string(),
  version: z.number().int().nullable(),
  description: z.string().nullable(),
  record: z.enum(['given', 'missing', 'unregistered']).meta({
    description: 'missing: the type has none; unregistered: events of the type were sent, and nobody has registered it',
  }),
  processing: processing.nullable(),
  subject: z.enum(SUBJECTS),
  personal_fields: z.array(z.string()),
  created_at: z.iso.datetime().nullable(),
});

export function mountPrivacy(api: Api, deps: Deps): void {
  route(
    api,
    deps,
    {
      ...privacySpecs.records,
      method: 'get',
      path: '/v1/privacy/records',
      scopes: ['tenant-admin'],
      query: pageQuery,
      status: 200,
      answer: z.object({ data: z.array(record), next_cursor: z.string().nullable() }),
      produces: ['text/csv'],
    },
    async ({ identity, query, request, response }) => {
      const list = (after: string | undefined, limit: number) =>
        withTenant(deps.pool, identity.tenantId, (client) => listProcessing(client, after, limit));
      if (wantsCsv(request)) {
        await sendCsv(response, 'records-of-processing.csv', COLUMNS, await list(undefined, MAX_RECORDS), cellsOf);
        return undefined;
      }
      const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor, CURSOR.name)[0];
      const rows = await list(after, query.limit);
      response.setHeader('vary', 'Accept');
      return page(request, rows.map(shown), rows.length === query.limit, (row) => encodeCursor(row.type));
    },
  );

  route(
    api,
    deps,
    {
      ...privacySpecs.destroyKey,
      method: 'delete',
      path: '/v1/privacy/pseudonym-key',
      scopes: ['tenant-admin'],
      status: 200,
      answer: z.object({ key_created_at: z.iso.datetime(), withdrawals_deleted: z.number().int() }),
    },
    async ({ identity, actor }) => {
      const destroyed = await withTenant(deps.pool, identity.tenantId, destroyPseudonymKey, actor);
      deps.types.forget(identity.tenantId);
      if (!destroyed) throw notFound('pseudonym key');
      return { body: destroyed };
    },
  );
}

const shown = (row: ProcessingRecord) => ({
  ...row,
  record: row.version === null ? 'unregistered' : row.processing ? 'given' : 'missing',
});

const COLUMNS = [
  'type',
  'version',
  'record',
  'purpose',
  'legal_basis',
  'data_categories',
  'data_subjects',
  'retention_days',
  'storage_country',
  'recipients',
  'subject',
  'personal_fields',
];

function cellsOf(row: ProcessingRecord): unknown[] {
  const cells: Record<string, unknown> = { ...row.processing, ...shown(row) };
  return COLUMNS.map((name) => (Array.isArray(cells[name]) ? cells[name].join('; ') : cells[name]));
}
