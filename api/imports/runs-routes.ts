import { once } from 'node:events';
import type { Response } from 'express';
import { z } from 'zod';
import type { Queues } from '../../jobs/queues.ts';
import { toCsv } from '../../lib/csv.ts';
import { withTenant } from '../../sql/database/db.ts';
import { findImport, IMPORT_STATUSES } from '../../sql/imports/imports.ts';
import { mappingSchema } from '../../sql/imports/mapping.ts';
import {
  createRun,
  findRun,
  listDifferences,
  listRuns,
  MAX_OPEN_RUNS,
  type NewRun,
  RUN_STATUSES,
  type StoredDifference,
} from '../../sql/imports/runs.ts';
import { wantsCsv } from '../http/csv.ts';
import { CURSOR, decodeCursor, encodeCursor } from '../http/cursor.ts';
import type { Deps } from '../http/deps.ts';
import { conflict, notFound } from '../http/problems.ts';
import { page, pageQuery, route } from '../http/route.ts';
import { instant, uuid } from '../http/schemas.ts';
import type { Api, Call } from '../http/types.ts';
import { finding } from './routes.ts';
import { runSpecs } from './runs-spec.ts';

const SCOPES = ['tenant-admin'] as const;
const COLUMNS = ['number', 'import_id', 'kind', 'key', 'before', 'after'];
const CSV_PAGE = 1_000;

const params = z.object({ id: uuid.meta({ description: 'Id of the run' }) });

const asked = z.strictObject({
  dry_run: z.boolean().default(true).meta({ description: 'Only compute the difference' }),
  policy: z.string().min(1).max(100).optional().meta({ description: 'By which rule of the importer rows are written' }),
  mapping: mappingSchema.optional().meta({ description: 'How columns become events' }),
});

const filter = z.strictObject({
  status: z.enum(IMPORT_STATUSES).optional(),
  media_type: z.string().max(200).optional(),
  from: instant.optional(),
  to: instant.optional(),
});

const shown = z.object({
  id: uuid,
  key_id: uuid,
  import_id: uuid.nullable(),
  filter: z.record(z.string(), z.unknown()),
  policy: z.string().nullable(),
  mapping: z.record(z.string(), z.unknown()).nullable(),
  dry_run: z.boolean(),
  undoes: uuid.nullable(),
  status: z.enum(RUN_STATUSES),
  error: z.string().nullable(),
  findings: z.array(finding),
  documents: z.int(),
  rows: z.int(),
  added: z.int(),
  changed: z.int(),
  removed: z.int(),
  kept: z.int(),
  progress: z.int(),
  created_at: z.iso.datetime(),
  completed_at: z.iso.datetime().nullable(),
});

const event = z.record(z.string(), z.unknown()).nullable();
const difference = z.object({
  number: z.int(),
  import_id: uuid.nullable(),
  kind: z.enum(['added', 'changed', 'removed']),
  key: z.string(),
  before: event,
  after: event,
});

/** Documents that are read again. Mounted before the documents: its paths would match as their ids. */
export function mountImportRuns(api: Api, deps: Deps, queues: Queues): void {
  async function begin({ identity, actor }: Pick<Call<unknown, unknown, unknown>, 'identity' | 'actor'>, run: NewRun) {
    const made = await withTenant(
      deps.pool,
      identity.tenantId,
      async (client) => {
        if (run.import_id && !(await findImport(client, run.import_id))) throw notFound('import');
        const undone = run.undoes === null ? undefined : await findRun(client, run.undoes);
        if (run.undoes && (undone?.status !== 'completed' || undone.dry_run)) {
          throw notFound('applied run', 'Only a run that was applied can be taken back.');
        }
        return createRun(client, identity.tenantId, identity.keyId, run);
      },
      actor,
    );
    if (!made) throw conflict('run-limit', `The tenant already reads documents again in ${MAX_OPEN_RUNS} runs`);
    queues.enqueue('run-imports');
    return { body: made, headers: { location: `/v1/imports/reprocess/${made.id}` } };
  }

  route(
    api,
    deps,
    {
      ...runSpecs.one,
      method: 'post',
      path: '/v1/imports/:id/reprocess',
      scopes: SCOPES,
      params: z.object({ id: uuid.meta({ description: 'Id of the document' }) }),
      body: asked,
      status: 202,
      answer: shown,
    },
    (call) => {
      const { policy = null, mapping = null, dry_run } = call.body;
      return begin(call, { import_id: call.params.id, filter: {}, policy, mapping, dry_run, undoes: null });
    },
  );

  route(
    api,
    deps,
    {
      ...runSpecs.many,
      method: 'post',
      path: '/v1/imports/reprocess',
      scopes: SCOPES,
      body: asked.extend({
        filter: filter.default({}),
        undo: uuid.optional().meta({ description: 'Id of a run whose change is taken back' }),
      }),
      status: 202,
      answer: shown,
    },
    (call) => {
      const { policy = null, mapping = null, dry_run, filter, undo = null } = call.body;
      return begin(call, { import_id: null, filter, policy, mapping, dry_run, undoes: undo });
    },
  );

  route(
    api,
    deps,
    {
      ...runSpecs.list,
      method: 'get',
      path: '/v1/imports/reprocess',
      scopes: SCOPES,
      query: pageQuery.extend({ import: uuid.optional().meta({ description: 'Id of a document' }) }),
      status: 200,
      answer: z.object({ data: z.array(shown), next_cursor: z.string().nullable() }),
    },
    async ({ identity, query, request }) => {
      const before = query.cursor === undefined ? undefined : decodeCursor(query.cursor, CURSOR.uuid)[0];
      const rows = await withTenant(deps.pool, identity.tenantId, (client) =>
        listRuns(client, query.import, before, query.limit),
      );
      return page(request, rows, rows.length === query.limit, ({ id }) => encodeCursor(id));
    },
  );

  route(
    api,
    deps,
    { ...runSpecs.get, method: 'get', path: '/v1/imports/reprocess/:id', scopes: SCOPES, params, status: 200, answer: shown },
    async ({ identity, params: { id } }) => {
      const run = await withTenant(deps.pool, identity.tenantId, (client) => findRun(client, id));
      if (!run) throw notFound('run');
      return { body: run };
    },
  );

  route(
    api,
    deps,
    {
      ...runSpecs.differences,
      method: 'get',
      path: '/v1/imports/reprocess/:id/differences',
      scopes: SCOPES,
      params,
      query: pageQuery,
      status: 200,
      answer: z.object({ data: z.array(difference), next_cursor: z.string().nullable() }),
      produces: ['text/csv'],
    },
    async ({ identity, params: { id }, query, request, response }) => {
      const read = (after: number, limit: number) =>
        withTenant(deps.pool, identity.tenantId, (client) => listDifferences(client, id, after, limit));
      if (!(await withTenant(deps.pool, identity.tenantId, (client) => findRun(client, id)))) throw notFound('run');
      if (wantsCsv(request)) {
        await sendDifferences(response, id, read);
        return undefined;
      }
      const after = query.cursor === undefined ? 0 : Number(decodeCursor(query.cursor, (part) => /^\d{1,15}$/.test(part))[0]);
      const rows = await read(after, query.limit);
      return page(request, rows, rows.length === query.limit, ({ number }) => encodeCursor(String(number)));
    },
  );
}

// A page at a time, no faster than the client reads.
async function sendDifferences(
  response: Response,
  id: string,
  read: (after: number, limit: number) => Promise<StoredDifference[]>,
): Promise<void> {
  response.setHeader('content-type', 'text/csv; charset=utf-8; header=present');
  response.setHeader('content-disposition', `attachment; filename="difference-${id}.csv"`);
  response.setHeader('vary', 'Accept');
  const text = (value: object | null) => value && JSON.stringify(value);
  for (let after = 0, isFirst = true; ; isFirst = false) {
    const rows = await read(after, CSV_PAGE);
    const cells = rows.map((row) => [row.number, row.import_id, row.kind, row.key, text(row.before), text(row.after)]);
    if (isFirst || rows.length > 0) {
      if (!response.write(toCsv(COLUMNS, cells, isFirst)) && !response.destroyed) {
        await Promise.race([once(response, 'drain'), once(response, 'close')]);
      }
    }
    if (rows.length < CSV_PAGE || response.destroyed) break;
    after = rows.at(-1)?.number as number;
  }
  response.end();
}
